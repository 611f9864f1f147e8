"""Tests of billing.entities."""
