import t from 'tap'
import type { JsonObject } from '../../../../orchestrator/api/object.ts'
import {
  describeViolations,
  findViolations,
  readPolicy,
  standardText,
} from '../../../../orchestrator/api/pod-security/standards.ts'
import type { PodSecurityLevel } from '../../../../orchestrator/api/pod-security/standards.ts'

const latest = Infinity

function describe(
  level: PodSecurityLevel,
  spec: object,
  version = latest,
  annotations: Record<string, string> = {},
): string {
  return describeViolations(findViolations({ level, version }, spec as JsonObject, annotations))
}

const container = (securityContext: object, name = 'a') => ({ name, securityContext })
const one = (securityContext: object) => ({ containers: [container(securityContext)] })

t.test('the baseline standard', async (t) => {
  const rows: [string, object, string][] = [
    ['a plain pod', { containers: [{ name: 'a' }] }, ''],
    [
      'namespaces of the host',
      { hostNetwork: true, hostIPC: true, hostPID: false },
      'host namespaces (hostNetwork=true, hostIPC=true)',
    ],
    [
      'privileged containers, those of the beginning first',
      {
        containers: [container({ privileged: true })],
        initContainers: [container({ privileged: true }, 'b')],
      },
      'privileged (containers "b", "a" must not set securityContext.privileged=true)',
    ],
    ['a container that is not', one({ privileged: false }), ''],
    [
      'capabilities beyond the usual ones',
      one({ capabilities: { add: ['CHOWN', 'SYS_ADMIN', 'NET_RAW'] } }),
      'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    ['the usual ones', one({ capabilities: { add: ['CHOWN'] } }), ''],
    [
      'folders of the host',
      {
        volumes: [
          { name: 'x', hostPath: { path: '/' } },
          { name: 'y', emptyDir: {} },
        ],
      },
      'hostPath volumes (volume "x")',
    ],
    [
      'ports of the host',
      {
        containers: [
          { name: 'a', ports: [{ hostPort: 90 }, { hostPort: 80 }] },
          { name: 'b', ports: [{ containerPort: 1, hostPort: 0 }] },
        ],
      },
      'hostPort (container "a" uses hostPorts 80, 90)',
    ],
    [
      'AppArmor turned off, for pod and container',
      {
        securityContext: { appArmorProfile: { type: 'Unconfined' } },
        ...one({ appArmorProfile: { type: 'Unconfined' } }),
      },
      'forbidden AppArmor profile (pod and container "a" must not set AppArmor profile type to "Unconfined")',
    ],
    ['AppArmor as usual', one({ appArmorProfile: { type: 'RuntimeDefault' } }), ''],
    [
      'a type of SELinux',
      one({ seLinuxOptions: { type: 'spc_t', user: 'u', role: 'r' } }),
      'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set)',
    ],
    ['a type that is allowed', one({ seLinuxOptions: { type: 'container_engine_t' } }), ''],
    [
      'all of /proc',
      one({ procMount: 'Unmasked' }),
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'seccomp turned off',
      { securityContext: { seccompProfile: { type: 'Unconfined' } }, containers: [] },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'settings of the kernel',
      {
        securityContext: {
          sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_syncookies' }],
        },
      },
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'processes of a Windows host',
      one({ windowsOptions: { hostProcess: true } }),
      'hostProcess (container "a" must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ]
  for (const [name, spec, text] of rows) {
    t.equal(describe('baseline', spec), text, name)
    t.equal(describe('privileged', spec), '', `privileged: ${name}`)
  }
})

const hardened = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}

t.test('the restricted standard', async (t) => {
  const but = (more: object) => one({ ...hardened, ...more })
  const rows: [string, object, string][] = [
    ['a hardened pod', but({}), ''],
    [
      'a plain pod: all that it lacks, in order',
      { containers: [{ name: 'a' }] },
      'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      'said for all containers at once',
      {
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Localhost' } },
        ...one({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }),
      },
      '',
    ],
    ['ports below 1024', but({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }), ''],
    [
      'a capability that is usual',
      but({ capabilities: { add: ['CHOWN'] } }),
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
    [
      'a container that takes back what the pod says',
      { securityContext: { runAsNonRoot: true }, ...but({ runAsNonRoot: false }) },
      'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
    ],
    [
      'root by number',
      but({ runAsUser: 0 }),
      'runAsUser=0 (container "a" must not set runAsUser=0)',
    ],
    [
      'volumes of the host and of the network',
      {
        ...but({}),
        volumes: [
          { name: 'x', hostPath: { path: '/' } },
          { name: 'y', nfs: {} },
          { name: 'z', configMap: {} },
        ],
      },
      'restricted volume types (volumes "x", "y" use restricted volume types "hostPath", "nfs")',
    ],
    [
      'seccomp turned off',
      but({ seccompProfile: { type: 'Unconfined' } }),
      'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'what the baseline forbids comes first',
      { hostPID: true, ...but({ privileged: true }) },
      'host namespaces (hostPID=true), privileged (container "a" must not set securityContext.privileged=true)',
    ],
    [
      'a pod for Windows',
      {
        os: { name: 'windows' },
        securityContext: { runAsNonRoot: true },
        containers: [{ name: 'a' }],
      },
      '',
    ],
  ]
  for (const [name, spec, text] of rows) t.equal(describe('restricted', spec), text, name)
})

t.test('what was allowed in an older version', async (t) => {
  const sysctl = (name: string) => ({ securityContext: { sysctls: [{ name }] } })
  const rows: [string, PodSecurityLevel, object, number, boolean][] = [
    ['a setting before it was safe', 'baseline', sysctl('net.ipv4.tcp_rmem'), 31, false],
    ['and since', 'baseline', sysctl('net.ipv4.tcp_rmem'), 32, true],
    ['root by number', 'restricted', one({ ...hardened, runAsUser: 0 }), 22, true],
    ['and since it is looked at', 'restricted', one({ ...hardened, runAsUser: 0 }), 23, false],
    [
      'a type of SELinux',
      'baseline',
      one({ seLinuxOptions: { type: 'container_engine_t' } }),
      30,
      false,
    ],
  ]
  for (const [name, level, spec, version, isAllowed] of rows)
    t.equal(describe(level, spec, version) === '', isAllowed, name)
})

t.test('an annotation of AppArmor', async (t) => {
  const key = 'container.apparmor.security.beta.kubernetes.io/a'
  t.equal(describe('baseline', {}, latest, { [key]: 'localhost/mine' }), '')
  t.equal(
    describe('baseline', {}, latest, { [key]: 'unconfined' }),
    `forbidden AppArmor profile (annotation must not set AppArmor profile type to ${JSON.stringify(`${key}="unconfined"`)})`,
  )
})

t.test('the labels of a namespace', async (t) => {
  const label = (name: string) => `pod-security.kubernetes.io/${name}`
  const { policy, errors } = readPolicy({
    [label('enforce')]: 'baseline',
    [label('enforce-version')]: 'v1.30',
    [label('warn')]: 'restricted',
  })
  t.same(errors, [])
  t.same(Object.values(policy).map(standardText), [
    'baseline:v1.30',
    'privileged:latest',
    'restricted:latest',
  ])
  const bad = readPolicy({
    [label('enforce')]: 'strict',
    [label('audit')]: 'strict',
    [label('warn-version')]: '1.30',
  })
  t.same(
    bad.errors.map(({ field }) => field),
    ['enforce', 'audit', 'warn-version'].map((name) => `metadata.labels[${label(name)}]`),
  )
  t.equal(bad.policy.enforce.level, 'restricted', 'who mistypes is not let off')
  t.equal(bad.policy.audit.level, 'privileged')
})
