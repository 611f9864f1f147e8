"""Tests of billing.addons."""
