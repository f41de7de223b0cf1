import { toRaw, fromRaw } from '../../native/raw-text.ts'
import { readLinkAt } from '../../native/file.ts'
import { copyFiles } from '../container/copy.ts'
import { withContainerRoot } from '../container/container-root.ts'
import { walkPath } from '../container/file-view/walk-path.ts'
import { OperationError } from '../../native/error.ts'
import { noSuch } from './api-error.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { containerOf } from './container-life.ts'
import { silentIo } from './silent-io.ts'
import { commandOutput } from './own-command.ts'

export const containerFileRoutes: readonly Route[] = [
  ['HEAD', '/containers/*/archive', stat],
  ['GET', '/containers/*/archive', read],
  ['PUT', '/containers/*/archive', write],
  ['GET', '/containers/*/export', exportRoot],
]

function pathOf({ query }: ApiCall): string {
  const path = query.get('path')
  if (path !== null && path !== '') return path
  throw new OperationError('INVALID_ARGUMENT', 'no path was named')
}

async function stat(call: ApiCall): Promise<Answer> {
  return { status: 200, headers: { 'X-Docker-Container-Path-Stat': await statHeader(call) } }
}

/** Go's FileMode: what is no permission is in the highest bits. */
const goModes: Readonly<Record<number, number>> = {
  0o040000: 2 ** 31,
  0o120000: 2 ** 27,
  0o060000: 2 ** 26,
  0o020000: 2 ** 26 + 2 ** 21,
  0o010000: 2 ** 25,
  0o140000: 2 ** 24,
}

function goMode(mode: number): number {
  const special =
    (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0)
  return (goModes[mode & 0o170000] ?? 0) + special + (mode & 0o777)
}

async function statHeader(call: ApiCall): Promise<string> {
  const { record } = await containerOf(call)
  const path = pathOf(call)
  const found = await withContainerRoot(call.context, record, { write: false }, async (view) => {
    const place = walkPath(view, toRaw(path), false)
    try {
      const { status, file } = place
      if (!status) throw noSuch('container:path', `${record.name}:${path}`)
      const isLink = status.isSymbolicLink() && file !== undefined
      const link = isLink ? readLinkAt(file, '') : 0
      return {
        name: fromRaw(place.path).split('/').at(-1) || '/',
        size: Number(status.size),
        mode: goMode(Number(status.mode)),
        mtime: new Date(Number(status.mtimeMs)).toISOString(),
        linkTarget: typeof link === 'number' ? '' : link.toString('utf8'),
      }
    } finally {
      place.close()
    }
  })
  return Buffer.from(JSON.stringify(found)).toString('base64')
}

/** By a process of its own: it waits where the client does not take the archive as fast as it is made. */
async function read(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  const header = await statHeader(call)
  const words = ['cp', `${record.id}:${pathOf(call)}`, '-']
  return {
    type: 'application/x-tar',
    headers: { 'X-Docker-Container-Path-Stat': header },
    stream: commandOutput(call, 'mycontainer', words),
  }
}

async function write(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  const options = {
    from: { kind: 'host', path: '-' },
    to: { kind: 'container', container: record.id, path: pathOf(call) },
    archive: true,
    followLink: false,
  } as const
  await copyFiles(call.context, options, silentIo(call.context, call.input))
  return ok('')
}

async function exportRoot(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  return {
    type: 'application/octet-stream',
    stream: commandOutput(call, 'mycontainer', ['export', record.id]),
  }
}
