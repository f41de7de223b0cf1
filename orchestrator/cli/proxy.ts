import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure, untilInterrupted } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly port: string
  readonly address: string
  readonly apiPrefix: string
  readonly acceptHosts: string
  readonly acceptPaths: string
  readonly rejectPaths: string
  readonly rejectMethods: string
  readonly disableFilter?: boolean
}

const examples = `
Examples:
  myorch proxy
  myorch proxy --port=0
  curl http://127.0.0.1:8001/api/v1/namespaces/default/pods
  curl http://127.0.0.1:8001/api/v1/namespaces/default/services/web:80/proxy/`

/** `myorch proxy`. */
export function addProxy(program: Command): void {
  const command = program
    .command('proxy')
    .description('Serve the API of the cluster at this machine, as us, until Ctrl-C')
    .option('-p, --port <number>', 'where to listen; 0: any free one', '8001')
    .option('--address <ip>', 'where to listen', '127.0.0.1')
    .option('--api-prefix <path>', 'below which path the API is', '/')
    .option(
      '--accept-hosts <regexes>',
      'which hosts may be asked for',
      '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
    )
    .option('--accept-paths <regexes>', 'which paths', '^.*')
    .option(
      '--reject-paths <regexes>',
      'which not',
      '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
    )
    .option('--reject-methods <regexes>', 'which methods not, like POST,PUT,PATCH', '^$')
    .option('--disable-filter', 'let every request through')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, _words, flags) => {
    const { serveProxy } = await import('./resources/serve-proxy.ts')
    const isOpen = flags.disableFilter === true
    const server = serveProxy(session, {
      prefix: flags.apiPrefix,
      acceptHosts: isOpen ? [/^/] : patterns(flags.acceptHosts),
      acceptPaths: isOpen ? [/^/] : patterns(flags.acceptPaths),
      rejectPaths: isOpen ? [] : patterns(flags.rejectPaths),
      rejectMethods: isOpen ? [] : patterns(flags.rejectMethods),
    })
    const { signal, done } = untilInterrupted()
    try {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      server.once('error', (error) => reject(new CommandFailure(error.message)))
      server.listen(readPort(flags.port), flags.address, () => {
        const address = server.address()
        const at = typeof address === 'object' && address ? address : { address: '', port: 0 }
        const host = at.address.includes(':') ? `[${at.address}]` : at.address
        process.stdout.write(`Starting to serve on ${host}:${at.port}\n`)
      })
      signal.addEventListener('abort', () => resolve())
      await promise
    } finally {
      done()
      server.close()
      server.closeAllConnections()
    }
  })
}

function readPort(text: string): number {
  const port = Number(text)
  if (text !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new CommandFailure(`invalid argument ${JSON.stringify(text)} for "-p, --port" flag`)
}

function patterns(text: string): RegExp[] {
  return text.split(',').map((one) => {
    try {
      return new RegExp(one)
    } catch {
      throw new CommandFailure(`invalid regular expression ${JSON.stringify(one)}`)
    }
  })
}
