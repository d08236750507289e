"""Migrations of a code that is ahead of its database."""
