"""What somebody looks at of jobs: computed over what is stored, and nothing is changed."""
