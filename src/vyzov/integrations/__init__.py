"""What is brought to the outside world: webhooks, and the worker that delivers them."""
