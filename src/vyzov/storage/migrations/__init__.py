"""The versions of the tables, oldest first, and how they are run."""
