"""Many photos: jobs, the report by which a run resumes, before-and-after pictures."""
