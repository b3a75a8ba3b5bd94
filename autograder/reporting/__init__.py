"""What comes out of grading for people: a table, feedback pages, a file of grades."""
