"""The Tastebuds stack on one machine: Postgres, NATS and the services as plain processes."""
