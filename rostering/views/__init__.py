"""What a school's Admins see and do about where their accounts come from."""
