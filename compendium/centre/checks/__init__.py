"""What is impossible or implausible in a cohort."""
