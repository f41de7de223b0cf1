import type { Command } from 'commander'
import { withStore } from './register.ts'
import type { ServeFlags } from '../registry-server/serve-flags.ts'

/** `myimage serve`. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('Serve a registry (OCI distribution 1.1) from the local store')
    .option('--addr <[host]:port>', 'address to listen on', ':5000')
    .option('--tls-cert <file>', 'certificate chain, PEM; read again on SIGHUP')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--auth <none|basic|token>', 'how clients prove who they are')
    .option('--htpasswd <file>', 'users, with bcrypt passwords; read again when it changes')
    .option('--access <file>', 'who may do what, line by line: user repository actions')
    .option('--anonymous-pull', 'anybody may pull')
    .option('--token-realm <url>', 'token server of somebody else')
    .option('--token-service <name>', 'name of this registry in tokens', 'myimage')
    .option('--token-issuer <name>', 'who must have issued the tokens')
    .option('--token-key <file>', 'its public keys: PEM or JWKS')
    .option('--external-url <url>', 'what clients call this server, where a proxy is in between')
    .option('--read-only', 'nothing can be pushed or deleted')
    .option('--no-delete', 'nothing can be deleted')
    .option('--share-local-images', 'images of the local store can be pulled')
    .option('--quota <size>', 'limit of all repositories together, e.g. 50G')
    .option('--repository-quota <size>', 'limit of each repository')
    .option('--uploads-per-minute <number>', 'uploads that one address may begin in a minute')
    .option('--upload-timeout <duration>', 'unfinished uploads are dropped after this', '24h')
    .option('--gc-interval <duration>', 'time between garbage collections; 0 for none', '10m')
    .option('--gc-grace <duration>', 'blobs that no manifest needs stay this long', '1h')
    .option('--untagged-after <duration>', 'remove manifests that nothing points at after this')
    .option('--metrics-addr <[host]:port>', 'serve /metrics there instead of at --addr')
    .option('--no-metrics', 'do not serve /metrics')
    .option('--access-log <file>', '"-" for standard output, "off" for none', '-')
    .option('--shutdown-grace <duration>', 'how long requests may go on after SIGTERM', '30s')
  withStore(command, async (context, flags: ServeFlags) => {
    const { serve } = await import('../registry-server/serve.ts')
    await serve(context.store, flags)
  })
}
