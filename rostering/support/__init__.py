"""What schools ask of SmartPass, from the question to the answer."""
