"""What an operator does from the command line. Each function opens the database for one short unit."""
