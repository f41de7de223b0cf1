// Builds everything that is not plain TypeScript: the static C shim, the FFI library and the
// command-line bundles. Runs on any Node that npm runs on, needs no root, and writes to dist/ only.
import { buildApiData } from './build-api-data.mjs'
import { buildNative } from './build-native.mjs'
import { buildBundles } from './build-bundles.mjs'

try {
  buildNative()
  buildApiData()
  await buildBundles()
} catch (error) {
  process.stderr.write(`build: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
