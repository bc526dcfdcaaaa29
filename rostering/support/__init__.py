"""The conversation between a school and SmartPass."""
