"""The dialect of Elastic's machine learning."""
