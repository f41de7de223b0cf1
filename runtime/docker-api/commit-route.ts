import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { noSuch, orNoSuch } from './api-error.ts'
import { isTrue } from './filters.ts'
import { type JsonObject, mapField, objectField, textField, wordsField } from './json-fields.ts'

export const commitRoutes: readonly Route[] = [['POST', '/commit', commit]]

/** POST /commit: the body is a container's configuration, of which what is there goes before the container's own. */
async function commit(call: ApiCall): Promise<Answer> {
  const { engine, query } = call
  const name = query.get('container') ?? ''
  if (name === '') throw noSuch('container', name)
  const [repository, tag] = [query.get('repo') ?? '', query.get('tag') ?? '']
  const { record } = await orNoSuch('container', name, () => engine.inspect(name))
  const changes = [
    ...changesOf(await call.json()),
    ...query.getAll('changes').flatMap((text) => text.split('\n').filter((line) => line.trim())),
  ]
  const id = await engine.commit(record.id, {
    reference: repository === '' ? undefined : `${repository}${tag === '' ? '' : `:${tag}`}`,
    author: query.get('author') || undefined,
    message: query.get('comment') || undefined,
    changes,
    pause: query.get('pause') === null || isTrue(query.get('pause')),
    format: 'docker',
    includeVolumes: false,
    warn: () => undefined,
  })
  return ok({ Id: id }, 201)
}

/** As instructions of a Dockerfile. */
function changesOf(body: JsonObject): string[] {
  const words = (name: string, instruction: string): string[] => {
    const value = wordsField(body, name)
    return value === undefined ? [] : [`${instruction} ${JSON.stringify(value)}`]
  }
  const text = (name: string, instruction: string): string[] => {
    const value = textField(body, name)
    return value === undefined ? [] : [`${instruction} ${value}`]
  }
  const names = (name: string): string[] => Object.keys(objectField(body, name))
  return [
    ...words('Entrypoint', 'ENTRYPOINT'),
    ...words('Cmd', 'CMD'),
    ...(wordsField(body, 'Env') ?? []).map((entry) => `ENV ${entry}`),
    ...text('User', 'USER'),
    ...text('WorkingDir', 'WORKDIR'),
    ...text('StopSignal', 'STOPSIGNAL'),
    ...names('ExposedPorts').map((port) => `EXPOSE ${port}`),
    ...names('Volumes').map((path) => `VOLUME ${JSON.stringify([path])}`),
    ...Object.entries(mapField(body, 'Labels')).map(([name, value]) => `LABEL ${name}=${value}`),
  ]
}
