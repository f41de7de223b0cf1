import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { lazyBuiltIns } from './lazy-built-ins.mjs'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

const commonJsEntries = {
  mycontainer: 'runtime/cli/main.ts',
  'mycontainer-oci': 'runtime/oci/cli/main.ts',
  myimage: 'runtime/myimage/main.ts',
  myorch: 'orchestrator/cli/main.ts',
}

// Compiling half a megabyte of JavaScript would be the largest part of a short command. The loader
// hands V8 what it compiled at build time; V8 refuses a cache of another version by itself, and then
// compiles as usual.
const loader = (name) => `'use strict'
const { readFileSync } = require('node:fs')
const { Script } = require('node:vm')
const path = __dirname + '/${name}.bundle.cjs'
let cachedData
try {
  cachedData = readFileSync(__dirname + '/${name}.cache')
} catch {}
const script = new Script(readFileSync(path, 'latin1'), { filename: path, cachedData })
if (process.env.MYCONTAINER_WRITE_CODE_CACHE === '${name}')
  process.on('exit', () => {
    const { renameSync, writeFileSync } = require('node:fs')
    writeFileSync(__dirname + '/${name}.cache.tmp', script.createCachedData())
    renameSync(__dirname + '/${name}.cache.tmp', __dirname + '/${name}.cache')
  })
script.runInThisContext()(exports, require, module, path, __dirname)
`

/** Bundle the command lines (CommonJS: an ESM start costs more) and the library (ESM) into dist/. */
export async function buildBundles() {
  mkdirSync(dist, { recursive: true })
  const entries = Object.entries(commonJsEntries).filter(([, path]) => existsSync(join(root, path)))
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node26',
    outdir: 'dist',
    external: ['koffi', '@koromix/*'],
    logLevel: 'warning',
    minifySyntax: true,
    minifyWhitespace: true,
    // One byte a character, so that the loader can read it as Latin-1, which V8 takes as it is.
    charset: 'ascii',
  }
  // A cache of another bundle of the same length would be believed: it goes before the bundle comes.
  for (const [name] of entries) rmSync(join(dist, `${name}.cache`), { force: true })
  await buildInPlace({
    ...shared,
    entryPoints: Object.fromEntries(entries.map(([name, path]) => [`${name}.bundle`, path])),
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    // As Node wraps a module; here, so that the loader need not copy the text to do so.
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
    // A script of node:vm cannot import(); with this esbuild makes it a require() for built-in modules too.
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    plugins: [lazyBuiltIns(findPinnedNode() ?? process.execPath)],
  })
  for (const [name] of entries) replaceFile(join(dist, `${name}.cjs`), loader(name))
  // The thread that unpacks layers: started by all of the above, and too small for a cache.
  await buildInPlace({
    ...shared,
    entryPoints: { 'layer-worker': 'rootfs/layer/layer-worker.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  })
  await buildInPlace({
    ...shared,
    entryPoints: { index: 'runtime/index.ts' },
    format: 'esm',
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  })
  writeCodeCaches(entries.map(([name]) => name))
}

/** Commands may be running from these files: each is the old one or the new one, never half of one. */
async function buildInPlace(options) {
  const { outputFiles } = await build({ ...options, write: false })
  for (const { path, contents } of outputFiles) replaceFile(path, contents)
}

function replaceFile(path, contents) {
  writeFileSync(`${path}.tmp`, contents)
  renameSync(`${path}.tmp`, path)
}

/**
 * Harmless commands that take the way that matters most, so that what they compile is in the cache. The
 * first one that succeeds writes it: who is not root has no bridge to look at.
 */
const warmUps = {
  mycontainer: (folder) => ['bridge', 'none'].map((network) => dryRun(folder, network)),
  'mycontainer-oci': (folder) => [
    ['--root', folder, 'create', '--dry-run', '--bundle', join(folder, 'bundle'), 'warm-up'],
  ],
  myimage: (folder) => [
    ['--root', folder, 'build', '--quiet', join(folder, 'context')],
    ['--root', folder, 'ls'],
  ],
  myorch: () => [['server', '--help']],
}

function dryRun(folder, network) {
  const root = ['--rootfs', join(folder, 'rootfs')]
  return ['--root', folder, 'run', '--dry-run', '--rm', '--network', network, ...root, '/bin/true']
}

/** As native/shim/client.c gives them: V8 takes no cache that was written under other flags. */
const nodeFlags = {
  mycontainer: ['--v8-pool-size=0', '--min-semi-space-size=16', '--no-rehash-snapshot'],
  'mycontainer-oci': ['--v8-pool-size=0', '--min-semi-space-size=16', '--no-rehash-snapshot'],
  myimage: ['--v8-pool-size=0', '--min-semi-space-size=16'],
  myorch: [],
}

function writeCodeCaches(names) {
  const node = findPinnedNode()
  if (!node) return
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-build-'))
  mkdirSync(join(folder, 'rootfs'))
  mkdirSync(join(folder, 'context'))
  writeFileSync(join(folder, 'context/Dockerfile'), 'FROM scratch\nENV A=b\nCOPY Dockerfile /\n')
  writeBundle(join(folder, 'bundle'))
  try {
    for (const name of names)
      warmUps[name](folder).some((args) => {
        const command = [...nodeFlags[name], join(dist, `${name}.cjs`), ...args]
        const env = { ...process.env, MYCONTAINER_WRITE_CODE_CACHE: name }
        return spawnSync(node, command, { env, stdio: 'ignore', timeout: 60_000 }).status === 0
      })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An OCI bundle with something of everything that engines ask for. */
function writeBundle(folder) {
  mkdirSync(join(folder, 'rootfs'), { recursive: true })
  const config = {
    ociVersion: '1.0.2',
    root: { path: 'rootfs' },
    hostname: 'warm-up',
    process: {
      user: { uid: 0, gid: 0, additionalGids: [1] },
      args: ['true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 1024 }],
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      { destination: '/tmp', type: 'bind', source: folder, options: ['rbind', 'rprivate', 'ro'] },
    ],
    annotations: { warm: 'up' },
    linux: {
      cgroupsPath: '/warm/up',
      resources: { devices: [{ allow: false, access: 'rwm' }], pids: { limit: 100 } },
      sysctl: { 'net.ipv4.ping_group_range': '0 0' },
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
      seccomp: {
        defaultAction: 'SCMP_ACT_ERRNO',
        architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
        syscalls: [{ names: ['read', 'write', 'execve'], action: 'SCMP_ACT_ALLOW' }],
      },
    },
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
}

/** A cache is of use only to the Node that will read it. */
function findPinnedNode() {
  const name = `node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`
  const places = [join(root, 'node_modules', name), join(root, '..', name)]
  return places.map((place) => join(place, 'bin/node')).find((path) => existsSync(path))
}
