"""What a lead can come from: referrals by partners.

Nothing of it is built yet; the floor and its import contract are.
"""
