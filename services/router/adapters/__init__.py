"""What the router asks the database besides loading and saving cases."""
