"""Quality figures, reports and contact sheets."""
