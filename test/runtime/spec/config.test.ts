import t from 'tap'
import { parseConfig, validateConfig } from '../../../runtime/spec/config.ts'
import { stringifyJson } from '../../../runtime/spec/json.ts'
import { fullConfig } from './full-config.ts'
import { wrongFields } from './wrong-fields.ts'

const minimal = { ociVersion: '1.3.0', root: { path: 'rootfs' } }
const process = { user: { uid: 0, gid: 0 }, args: ['sh'], cwd: '/' }

t.test('every field survives', async (t) => {
  t.strictSame(parseConfig(stringifyJson(fullConfig)), fullConfig)
})

t.test('the smallest configuration', async (t) => {
  t.strictSame(parseConfig(JSON.stringify(minimal)), minimal)
})

t.test('unknown keys are ignored, null counts as absent', async (t) => {
  const extended = {
    ...minimal,
    future: 1,
    windows: {},
    hooks: null,
    linux: { x: 1, devices: null },
  }
  t.strictSame(validateConfig(extended), { ...minimal, linux: {} })
})

t.test('limits above 2^53 keep every digit', async (t) => {
  const text = `{"ociVersion":"1.0.2","root":{"path":"/"},"process":{"user":{"uid":0,"gid":0},"cwd":"/",
    "args":["a"],"rlimits":[{"type":"RLIMIT_NOFILE","soft":9007199254740993,"hard":18446744073709551615}]}}`
  t.strictSame(parseConfig(text).process?.rlimits, [
    { type: 'RLIMIT_NOFILE', soft: 9007199254740993n, hard: 18446744073709551615n },
  ])
})

t.test('every wrong field is named at once', async (t) => {
  const value = {
    ociVersion: 1,
    root: {},
    mounts: [{ destination: '/a' }, { destination: 7, options: ['ro', 5] }],
    process: {
      ...process,
      oomScoreAdj: 1001,
      rlimits: [{ type: 'RLIMIT_NONE', soft: 1.5, hard: -1 }],
    },
    linux: {
      namespaces: [{ type: 'disk' }],
      resources: { cpu: { quota: 'much' }, unified: { 'memory.max': 1 } },
      seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [], action: 'x' }] },
    },
  }
  t.strictSame(wrongFields(value), [
    'ociVersion',
    'root.path',
    'mounts[1].destination',
    'mounts[1].options[1]',
    'process.rlimits[0].type',
    'process.rlimits[0].soft',
    'process.rlimits[0].hard',
    'process.oomScoreAdj',
    'linux.namespaces[0].type',
    'linux.resources.cpu.quota',
    'linux.resources.unified["memory.max"]',
    'linux.seccomp.syscalls[0].names',
    'linux.seccomp.syscalls[0].action',
  ])
})

t.test('not an object', async (t) => {
  t.strictSame(wrongFields([]), ['(the document)'])
  t.throws(() => parseConfig('{'), { code: 'INVALID_SPEC', step: 'read config.json' })
})
