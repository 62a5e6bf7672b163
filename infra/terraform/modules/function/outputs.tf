output "subscription" {
  description = "The subscription that brings its events."
  value       = google_pubsub_subscription.events.name
}
