"""What the world calls: services, two doors, scheduler. Only this floor commits, and waits."""
