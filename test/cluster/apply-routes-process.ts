import { applyRoutes, removeRoutes } from '../../orchestrator/network/route-table.ts'

// Runs in the network namespace of a node, for it never changes its own: `[options, nodes]` in, what was done out.

const [given] = process.argv.slice(2)
if (given === undefined) removeRoutes()
else {
  const [options, nodes] = JSON.parse(given) as Parameters<typeof applyRoutes>
  const { changes, failures } = applyRoutes(options, nodes)
  process.stdout.write(
    JSON.stringify({
      changes,
      failures: failures.map(({ node, error }) => `${node}: ${String(error)}`),
    }),
  )
}
