import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { OperationError } from '../../native/error.ts'

interface Named {
  readonly name: string
}

interface Kubeconfig {
  apiVersion?: string
  kind?: string
  clusters?: Named[]
  users?: Named[]
  contexts?: Named[]
  'current-context'?: string
}

/** The file that kubectl reads: the first of $KUBECONFIG, else the one in the home folder. */
export function kubeconfigPath(env: Readonly<Record<string, string | undefined>>): string {
  const first = env['KUBECONFIG']?.split(':').find((path) => path !== '')
  return first ?? join(env['HOME'] || homedir(), '.kube/config')
}

/** Put the entries of one kubeconfig into another; those of the same names are replaced, the rest stays. */
export function mergeKubeconfig(path: string, added: string): void {
  const entries = parseDocument(added).toJS() as Kubeconfig
  change(path, (config) => {
    for (const list of ['clusters', 'users', 'contexts'] as const) {
      const own = entries[list] ?? []
      const names = new Set(own.map(({ name }) => name))
      config[list] = [...(config[list] ?? []).filter(({ name }) => !names.has(name)), ...own]
    }
    const current = entries['current-context']
    if (current !== undefined) config['current-context'] = current
  })
}

/** Take the entries of one context away. Fine where there are none. */
export function removeFromKubeconfig(path: string, context: string): void {
  if (!existsSync(path)) return
  change(path, (config) => {
    config.clusters = config.clusters?.filter(({ name }) => name !== context) ?? []
    config.users = config.users?.filter(({ name }) => name !== `${context}-admin`) ?? []
    config.contexts = config.contexts?.filter(({ name }) => name !== context) ?? []
    if (config['current-context'] === context) config['current-context'] = ''
  })
}

/** @returns undefined where there is no such file, none is chosen, or it cannot be read */
export function currentContext(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const config = parseDocument(readFileSync(path, 'utf8')).toJS() as Kubeconfig | null
  return config?.['current-context'] || undefined
}

function change(path: string, edit: (config: Kubeconfig) => void): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the kubeconfig',
      { path },
      { hint: 'It is no YAML: repair it, or name another one in $KUBECONFIG', exitCode: 1 },
    )
  const config: Kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    ...(document.toJS() as Kubeconfig | null),
  }
  edit(config)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(`${path}.myorch`, stringify(config), { mode: 0o600 })
  renameSync(`${path}.myorch`, path)
}
