"""The CRM contract and its two sides, Salesforce and HubSpot.

Nothing of it is built yet; the floor and its import contract are.
"""
