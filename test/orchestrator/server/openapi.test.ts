import t from 'tap'
import { openApi } from './api-under-test.ts'

interface Document {
  readonly components: { readonly schemas: Record<string, { properties?: object }> }
}

t.test('every kind that is served has a schema to be explained by', async (t) => {
  const { send, server } = await openApi(t)
  for (const { group, version, kind, definition } of server.context.registry.all()) {
    const path = group === '' ? `api/${version}` : `apis/${group}/${version}`
    const { body } = await send('GET', `/openapi/v3/${path}`)
    const schema = (body as unknown as Document).components.schemas[definition]
    t.match(
      schema,
      { properties: Object, 'x-kubernetes-group-version-kind': [{ group, version, kind }] },
      `${path} ${kind}`,
    )
  }
})
