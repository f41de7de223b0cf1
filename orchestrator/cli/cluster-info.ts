import type { Command } from 'commander'
import { listAt, numberAt, plainText, textAt } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction } from './resources/session.ts'

/** `myorch cluster-info`. */
export function addClusterInfo(program: Command): void {
  const command = program
    .command('cluster-info')
    .description('Where the cluster is, and what of it has an address')
  addSessionAction<ClientFlags>(command, async (session) => {
    const colour = (code: number, text: string): string =>
      process.stdout.isTTY ? `\u001B[0;${code}m${text}\u001B[0m` : text
    const tell = (name: string, url: string): void =>
      void process.stdout.write(`${colour(32, name)} is running at ${colour(33, url)}\n`)
    const selector = encodeURIComponent('kubernetes.io/cluster-service=true')
    const path = `/api/v1/namespaces/kube-system/services?labelSelector=${selector}`
    const services = listAt(await session.send({ path }), ['items'])
    tell('Kubernetes control plane', session.server)
    for (const service of services) {
      const name = textAt(service, ['metadata', 'name']) ?? ''
      const shown = plainText(textAt(service, ['metadata', 'labels', 'kubernetes.io/name']) ?? name)
      const [port] = listAt(service, ['spec', 'ports'])
      const ports = plainText(port?.['name'] ?? '') || String(numberAt(port, ['port']) ?? '')
      tell(shown, `${session.server}/api/v1/namespaces/kube-system/services/${name}:${ports}/proxy`)
    }
    process.stdout.write(
      "\nTo further debug and diagnose cluster problems, use 'myorch cluster-info dump'.\n",
    )
  })
}
