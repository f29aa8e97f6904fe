"""What the user sees, one folder a feature, each with its properties, operators and panel."""
