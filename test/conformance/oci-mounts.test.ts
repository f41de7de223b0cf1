import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Config, type Row, checkRuntime } from './oci-runtime-under-test.ts'

// OCI runtime specification 1.3: config.md#mounts, and the mounts that config-linux.md makes.

type Mount = Config['mounts'][number] & { uidMappings?: object[]; gidMappings?: object[] }

function withMounts(...mounts: readonly Mount[]): (config: Config) => void {
  return (config) => void config.mounts.push(...mounts)
}

function tmpfs(destination: string, ...options: readonly string[]): Mount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...options] }
}

interface Listed {
  /** Of the mount and of the file system. */
  readonly options: readonly string[]
  readonly propagation: string
}

/** The mount table of a container, by place, in its order. */
function readTable(text: string): Map<string, Listed> {
  const lines = text.split('\n').filter((line) => line.includes(' - '))
  return new Map(
    lines.map((line) => {
      const [left = '', right = ''] = line.split(' - ')
      const [, , , , place = '', own = '', ...tags] = left.split(' ')
      const superblock = right.split(' ')[2] ?? ''
      return [
        place,
        { options: [...own.split(','), ...superblock.split(',')], propagation: tags.join(' ') },
      ]
    }),
  )
}

/** Options that a runtime has to know, with what the mount table shows for it: `-` in front: it is not there. */
const effects: readonly (readonly [given: string, ...shown: string[]])[] = [
  ['async', '-sync'],
  ['atime', '-noatime'],
  ['defaults', 'rw'],
  ['dev', '-nodev'],
  ['diratime', '-nodiratime'],
  ['dirsync', 'dirsync'],
  ['exec', '-noexec'],
  ['iversion'],
  ['lazytime', 'lazytime'],
  ['loud'],
  ['noatime', 'noatime'],
  ['nodev', 'nodev'],
  ['nodiratime', 'nodiratime'],
  ['noexec', 'noexec'],
  ['noiversion'],
  ['nolazytime', '-lazytime'],
  ['norelatime'],
  ['nostrictatime'],
  ['nosuid', 'nosuid'],
  ['relatime', 'relatime'],
  ['ro', 'ro'],
  ['rw', 'rw'],
  ['silent'],
  ['strictatime', '-relatime', '-noatime'],
  ['suid', '-nosuid'],
  ['sync', 'sync'],
]

/** tmpfs has no versions of files, and older runtimes ask it for them. */
function withOption(option: string): Mount {
  const place = `/mnt/${option}`
  if (!option.endsWith('iversion')) return tmpfs(place, option)
  return { destination: place, type: 'bind', source: '/tmp', options: ['bind', option] }
}

const propagations: readonly (readonly [string, RegExp])[] = [
  ['private', /^$/],
  ['rprivate', /^$/],
  ['shared', /^shared:/],
  ['rshared', /^shared:/],
  ['slave', /^(?:$|master:)/],
  ['rslave', /^(?:$|master:)/],
  ['unbindable', /^unbindable$/],
  ['runbindable', /^unbindable$/],
]

const rows: Row[] = [
  {
    title: 'every option that mount(8) has is known, and has its effect',
    check(t, { shell }) {
      const mounts = effects.map(([option]) => withOption(option))
      const { stdout, stderr } = shell('cat /proc/self/mountinfo', withMounts(...mounts))
      const table = readTable(stdout)
      t.equal(stderr, '')
      for (const [option, ...shown] of effects) {
        const { options = [] } = table.get(`/mnt/${option}`) ?? {}
        t.ok(table.has(`/mnt/${option}`), option)
        for (const word of shown)
          t.equal(
            options.includes(word.replace('-', '')),
            !word.startsWith('-'),
            `${option}: ${word}`,
          )
      }
    },
  },
  {
    title: 'bind, rbind, remount and the kinds of propagation',
    check(t, { shell, folder }) {
      const source = join(folder, 'bound')
      mkdirSync(join(source, 'below'), { recursive: true })
      const bind = (destination: string, ...options: string[]): Mount => ({
        destination,
        type: 'bind',
        source,
        options,
      })
      const { stdout } = shell(
        'cat /proc/self/mountinfo; ls /mnt/plain',
        withMounts(
          bind('/mnt/plain', 'bind'),
          bind('/mnt/again', 'bind'),
          { ...bind('/mnt/again', 'bind', 'remount', 'ro') },
          ...propagations.map(([word]) => bind(`/mnt/${word}`, 'rbind', word)),
        ),
      )
      const table = readTable(stdout)
      t.match(stdout, /^below$/m)
      t.ok(table.get('/mnt/plain')?.options.includes('rw'))
      t.ok(table.get('/mnt/again')?.options.includes('ro'), 'remount')
      for (const [word, expected] of propagations)
        t.match(table.get(`/mnt/${word}`)?.propagation, expected, word)
    },
  },
  {
    title: 'mounts are made in the listed order',
    check(t, { shell }) {
      const { stdout } = shell(
        'cat /proc/self/mountinfo; ls /mnt/outer',
        withMounts(
          tmpfs('/mnt/outer'),
          tmpfs('/mnt/outer/inner'),
          tmpfs('/mnt/last'),
          tmpfs('/mnt/first'),
        ),
      )
      const places = [...readTable(stdout).keys()].filter((place) => place.startsWith('/mnt'))
      t.strictSame(places, ['/mnt/outer', '/mnt/outer/inner', '/mnt/last', '/mnt/first'])
      t.match(stdout, /^inner$/m, 'an outer one made later would hide it')
    },
  },
  {
    title: 'tmpcopyup: what the root has there is in the tmpfs, and stays as it was',
    check(t, { shell, rootfs }) {
      mkdirSync(join(rootfs, 'filled'), { recursive: true })
      writeFileSync(join(rootfs, 'filled/file'), 'from the root\n')
      const script = 'cat /filled/file; echo new > /filled/file; cat /filled/file'
      const { stdout, stderr } = shell(script, withMounts(tmpfs('/filled', 'tmpcopyup')))
      t.equal(stdout, 'from the root\nnew\n', stderr)
      t.equal(readFileSync(join(rootfs, 'filled/file'), 'utf8'), 'from the root\n')
    },
  },
  {
    title: 'a relative destination is one below the root',
    check(t, { shell }) {
      const { stdout } = shell('cat /proc/self/mountinfo', withMounts(tmpfs('mnt/relative')))
      t.ok(readTable(stdout).has('/mnt/relative'))
    },
  },
  {
    title: 'idmap: files have the owners of the mapping',
    check(t, { shell, folder }) {
      const source = join(folder, 'mapped')
      mkdirSync(source, { recursive: true })
      writeFileSync(join(source, 'file'), '')
      const mapping = [{ containerID: 0, hostID: 5000, size: 10 }]
      const mount = {
        destination: '/mnt/mapped',
        type: 'bind',
        source,
        options: ['bind', 'idmap'],
        uidMappings: mapping,
        gidMappings: mapping,
      }
      t.match(shell('ls -ln /mnt/mapped', withMounts(mount)).stdout, /\b5000\s+5000\b/)
    },
  },
  {
    title: 'idmap without a mapping, and half a mapping, are refused',
    check(t, { bundle, create, newId, folder }) {
      const mount: Mount = {
        destination: '/mnt/mapped',
        type: 'bind',
        source: folder,
        options: ['bind'],
      }
      const uidMappings = [{ containerID: 0, hostID: 5000, size: 10 }]
      const cases: Record<string, Partial<Mount>> = {
        idmap: { options: ['bind', 'idmap'] },
        ridmap: { options: ['rbind', 'ridmap'] },
        'uidMappings alone': { uidMappings },
        'gidMappings alone': { gidMappings: uidMappings },
      }
      for (const [title, bad] of Object.entries(cases))
        t.not(create(newId(), bundle(withMounts({ ...mount, ...bad }))).code, 0, title)
    },
  },
  {
    title: 'masked and read-only paths, and the propagation of the root',
    check(t, { shell }) {
      const { stdout } = shell(
        'cat /proc/self/mountinfo; cat /proc/keys; ls /proc/bus; echo x > /proc/sys/kernel/domainname || echo refused',
        ({ linux }) =>
          Object.assign(linux, {
            maskedPaths: ['/proc/keys', '/proc/bus'],
            readonlyPaths: ['/proc/sys'],
            rootfsPropagation: 'unbindable',
          }),
      )
      const table = readTable(stdout)
      t.ok(table.get('/proc/sys')?.options.includes('ro'))
      t.equal(table.get('/')?.propagation, 'unbindable')
      t.equal(
        stdout
          .split('\n')
          .filter((line) => line !== '' && !line.includes(' - '))
          .join(),
        'refused',
      )
    },
  },
]

void checkRuntime(t, rows)
