"""`invora census`: asks for every declared operation at both doors. See `command`."""
