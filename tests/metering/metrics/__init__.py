"""Tests of metering.metrics."""
