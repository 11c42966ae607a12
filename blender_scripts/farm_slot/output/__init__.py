"""What the job changes in the opened scene, and the size of its frames."""
