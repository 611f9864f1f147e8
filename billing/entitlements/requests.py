"""What may be asked of entitlements."""

from typing import Any

Grants = dict[str, dict[str, Any]]
"""By feature, by privilege: the value. A decimal is sent as text; null grants it without one."""
