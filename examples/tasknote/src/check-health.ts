// HEALTHCHECK of the image: the image has no curl, and needs none.
const response = await fetch(`http://127.0.0.1:${process.env['PORT'] ?? 8080}/health`)
process.exitCode = response.ok ? 0 : 1
