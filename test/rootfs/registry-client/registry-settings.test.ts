import t from 'tap'
import { parse } from 'smol-toml'
import { candidatesFor } from '../../../rootfs/copy/short-names.ts'
import { formatReference, parseReference } from '../../../rootfs/reference.ts'
import { ownEndpoint, pullEndpoints } from '../../../rootfs/registry-client/endpoints.ts'
import {
  mergeSettings,
  noSettings,
  readRegistrySettings,
} from '../../../rootfs/registry-client/registry-settings.ts'

const file = `
unqualified-search-registries = ["one.test", "two.test:5000"]
[aliases]
"tool" = "three.test/team/tool"
[[registry]]
prefix = "one.test"
location = "cache.test/one"
[[registry]]
prefix = "one.test/inner"
insecure = true
location = "inner.test:8080"
[[registry]]
location = "two.test:5000"
[[registry.mirror]]
location = "mirror.test/two"
insecure = true
[[registry.mirror]]
location = "digests.test"
pull-from-mirror = "digest-only"
[[registry]]
prefix = "*.wild.test"
location = "store.test"
[[registry]]
prefix = "bad.test"
blocked = true
`
const settings = readRegistrySettings(parse(file), 'test')
const digest = `sha256:${'a'.repeat(64)}`

const names: { text: string; want: string[] }[] = [
  { text: 'app', want: ['one.test/app:latest', 'two.test:5000/app:latest'] },
  { text: 'team/app:2', want: ['one.test/team/app:2', 'two.test:5000/team/app:2'] },
  { text: 'tool:1', want: ['three.test/team/tool:1'] },
  { text: 'docker.io/app', want: ['docker.io/library/app:latest'] },
  { text: 'four.test/app', want: ['four.test/app:latest'] },
  { text: `app@${digest}`, want: [`one.test/app@${digest}`, `two.test:5000/app@${digest}`] },
]
for (const { text, want } of names)
  t.test(`${text} is looked for as configured`, async (t) =>
    t.strictSame(candidatesFor(text, settings).map(formatReference), want),
  )

t.test('without settings a short name is one of docker.io', async (t) =>
  t.strictSame(candidatesFor('app', noSettings).map(formatReference), [
    'docker.io/library/app:latest',
  ]),
)

const places: { reference: string; want: string[] }[] = [
  { reference: 'one.test/a:1', want: ['cache.test /one/a'] },
  { reference: 'one.test/inner/a:1', want: ['inner.test:8080 /a insecure'] },
  { reference: 'one.testing/a:1', want: ['one.testing /a'] },
  {
    reference: 'two.test:5000/a/b:1',
    want: ['mirror.test /two/a/b insecure', 'two.test:5000 /a/b'],
  },
  {
    reference: `two.test:5000/a@${digest}`,
    want: ['mirror.test /two/a insecure', 'digests.test /a', 'two.test:5000 /a'],
  },
  { reference: 'x.wild.test/a:1', want: ['store.test /a'] },
  { reference: 'wild.test/a:1', want: ['wild.test /a'] },
]
for (const { reference, want } of places)
  t.test(`${reference} is pulled from where the settings say`, async (t) =>
    t.strictSame(
      pullEndpoints(settings, parseReference(reference)).map(
        ({ host, repository, isInsecure }) =>
          `${host} /${repository}${isInsecure ? ' insecure' : ''}`,
      ),
      want,
    ),
  )

t.test('what is blocked is refused', async (t) =>
  t.throws(() => ownEndpoint(settings, parseReference('bad.test/a')), { code: 'ACCESS_DENIED' }),
)

t.test('a later file replaces what has the same prefix', async (t) => {
  const later = readRegistrySettings(
    parse('[[registry]]\nlocation = "bad.test"\n[aliases]\ntool = "five.test/tool"'),
    'later',
  )
  const merged = mergeSettings(settings, later)
  t.equal(ownEndpoint(merged, parseReference('bad.test/a')).host, 'bad.test')
  t.strictSame(merged.search, settings.search)
  t.equal(merged.aliases.get('tool'), 'five.test/tool')
})

const malformed: { title: string; text: string; field: string }[] = [
  { title: 'version 1', text: '[registries.search]\nregistries = []', field: 'registries' },
  {
    title: 'a number as location',
    text: '[[registry]]\nlocation = 5',
    field: 'registry[0].location',
  },
  {
    title: 'a text as flag',
    text: '[[registry]]\nlocation = "a"\nblocked = "yes"',
    field: 'registry[0].blocked',
  },
  {
    title: 'neither prefix nor location',
    text: '[[registry]]\ninsecure = true',
    field: 'registry[0]',
  },
  {
    title: 'an unknown kind of mirror',
    text: '[[registry]]\nlocation = "a"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "x"',
    field: 'registry[0].mirror[0].pull-from-mirror',
  },
]
for (const { title, text, field } of malformed)
  t.test(`${title} is refused with its field`, async (t) =>
    t.throws(() => readRegistrySettings(parse(text), 'test'), {
      code: 'INVALID_ARGUMENT',
      detail: { field },
    }),
  )
