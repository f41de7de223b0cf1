import type { KubeObject } from '../object.ts'
import type { PolicyRule } from './rules.ts'

// Roles that every cluster has. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings

const group = 'rbac.authorization.k8s.io'
const apiVersion = `${group}/v1`
const read = ['get', 'list', 'watch']
const write = ['create', 'delete', 'deletecollection', 'patch', 'update']
const bootstrapLabel = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

const rule = (apiGroups: string[], resources: string[], verbs: readonly string[]): PolicyRule => ({
  apiGroups,
  resources,
  verbs,
})
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ nonResourceURLs, verbs: ['get'] })
const on = (apiGroup: string, ...resources: string[]) => ({
  read: rule([apiGroup], resources, read),
  write: rule([apiGroup], resources, write),
})

const workloads = [
  on(
    'apps',
    'daemonsets',
    'deployments',
    'deployments/scale',
    'replicasets',
    'replicasets/scale',
    'statefulsets',
    'statefulsets/scale',
    'controllerrevisions',
  ),
  on('batch', 'cronjobs', 'jobs'),
  on('autoscaling', 'horizontalpodautoscalers'),
  on('policy', 'poddisruptionbudgets'),
  on('networking.k8s.io', 'ingresses', 'networkpolicies'),
  on(
    '',
    'configmaps',
    'endpoints',
    'persistentvolumeclaims',
    'pods',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'services',
    'serviceaccounts',
  ),
]
const secrets = on('', 'secrets')
const observed = [
  rule(
    [''],
    [
      'bindings',
      'events',
      'limitranges',
      'namespaces',
      'pods/log',
      'pods/status',
      'resourcequotas',
      'services/status',
    ],
    read,
  ),
  rule(['discovery.k8s.io'], ['endpointslices'], read),
]
const connections = rule(
  [''],
  ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'],
  ['get', ...write],
)

const viewRules = [...workloads.map((one) => one.read), ...observed]
const editRules = [
  ...workloads.map((one) => one.write),
  secrets.read,
  secrets.write,
  connections,
  rule([''], ['pods/eviction', 'serviceaccounts/token', 'events'], ['create']),
  rule([''], ['serviceaccounts'], ['impersonate']),
]
const adminRules = [
  rule([group], ['roles', 'rolebindings'], [...read, ...write]),
  rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
]

const everything = [rule(['*'], ['*'], ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }]

/** Role → its rules, and the groups that have it in the whole cluster. */
const clusterRoles: readonly {
  name: string
  rules?: readonly PolicyRule[]
  gathers?: string
  into?: string
  groups?: readonly string[]
  users?: readonly string[]
}[] = [
  { name: 'cluster-admin', rules: everything, groups: ['system:masters'] },
  { name: 'admin', gathers: 'admin' },
  { name: 'edit', gathers: 'edit', into: 'admin' },
  { name: 'view', gathers: 'view', into: 'edit' },
  {
    name: 'system:aggregate-to-admin',
    rules: [...adminRules, ...editRules, ...viewRules],
    into: 'admin',
  },
  { name: 'system:aggregate-to-edit', rules: [...editRules, ...viewRules], into: 'edit' },
  { name: 'system:aggregate-to-view', rules: viewRules, into: 'view' },
  {
    name: 'system:discovery',
    rules: [
      paths(
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ),
    ],
    groups: ['system:authenticated'],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [
      paths(
        '/.well-known/openid-configuration',
        '/.well-known/openid-configuration/',
        '/openid/v1/jwks',
        '/openid/v1/jwks/',
      ),
    ],
    groups: ['system:serviceaccounts'],
  },
  {
    name: 'system:basic-user',
    rules: [
      rule(
        ['authorization.k8s.io'],
        ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
        ['create'],
      ),
      rule(['authentication.k8s.io'], ['selfsubjectreviews'], ['create']),
    ],
    groups: ['system:authenticated'],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths('/healthz', '/livez', '/readyz', '/version', '/version/')],
    groups: ['system:authenticated', 'system:unauthenticated'],
  },
  {
    name: 'system:monitoring',
    rules: [
      paths('/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/readyz', '/readyz/*'),
    ],
    groups: ['system:monitoring'],
  },
  {
    name: 'system:node',
    rules: [
      rule([''], ['services', 'persistentvolumes', 'namespaces', 'pods', 'nodes'], read),
      rule([''], ['nodes', 'nodes/status', 'pods/status'], ['create', 'patch', 'update']),
      // Which folders it has for them.
      rule([''], ['persistentvolumes'], ['update']),
      rule([''], ['pods'], ['create', 'delete']),
      rule([''], ['pods/eviction', 'events'], ['create', 'patch', 'update']),
      rule(['events.k8s.io'], ['events'], ['create', 'patch', 'update']),
      rule(['coordination.k8s.io'], ['leases'], ['create', 'delete', 'get', 'patch', 'update']),
      rule(['node.k8s.io'], ['runtimeclasses'], read),
      rule(['discovery.k8s.io'], ['endpointslices'], read),
      // A node keeps to them itself.
      rule(['networking.k8s.io'], ['networkpolicies'], read),
      { nonResourceURLs: ['/myorch/v1/*'], verbs: ['get', 'post'] },
      rule(
        ['storage.k8s.io'],
        ['csinodes', 'csidrivers', 'volumeattachments'],
        [...read, ...write],
      ),
      rule(['authentication.k8s.io'], ['tokenreviews'], ['create']),
      rule(
        ['authorization.k8s.io'],
        ['subjectaccessreviews', 'localsubjectaccessreviews'],
        ['create'],
      ),
      rule(['certificates.k8s.io'], ['certificatesigningrequests'], ['create', ...read]),
    ],
    // What else a node reads is what its pods refer to: the node authorizer says so.
    groups: ['system:nodes'],
  },
  {
    name: 'system:node-bootstrapper',
    rules: [rule(['certificates.k8s.io'], ['certificatesigningrequests'], ['create', ...read])],
    groups: ['system:bootstrappers'],
  },
  {
    // Owners, collections and namespaces are about every kind that there is.
    name: 'system:kube-controller-manager',
    rules: everything,
    users: ['system:kube-controller-manager'],
  },
  {
    name: 'system:kube-scheduler',
    rules: [
      rule(
        [''],
        [
          'nodes',
          'pods',
          'namespaces',
          'services',
          'replicationcontrollers',
          'persistentvolumeclaims',
          'persistentvolumes',
        ],
        read,
      ),
      rule([''], ['persistentvolumeclaims', 'persistentvolumes'], ['patch', 'update']),
      rule([''], ['pods'], ['delete']),
      rule([''], ['bindings', 'pods/binding'], ['create']),
      rule([''], ['pods/status'], ['patch', 'update']),
      rule(['', 'events.k8s.io'], ['events'], ['create', 'patch', 'update']),
      rule(['apps'], ['replicasets', 'statefulsets'], read),
      rule(['policy'], ['poddisruptionbudgets'], read),
      rule(['scheduling.k8s.io'], ['priorityclasses'], read),
      rule(['storage.k8s.io'], ['*'], read),
      rule(['coordination.k8s.io'], ['leases'], ['create', 'get', 'list', 'update', 'watch']),
    ],
    users: ['system:kube-scheduler'],
  },
  {
    // Collecting garbage and keeping namespaces concerns every kind there is or will be.
    name: 'system:kube-controller-manager',
    rules: [
      rule(['*'], ['*'], [...read, 'create', 'update', 'patch', 'delete']),
      paths('/api', '/api/*', '/apis', '/apis/*'),
    ],
    users: ['system:kube-controller-manager'],
  },
]

const aggregateLabel = (target: string) => `${group}/aggregate-to-${target}`

/** The objects to make when they are missing. */
export function bootstrapRoles(): { roles: KubeObject[]; bindings: KubeObject[] } {
  const roles = clusterRoles.map(({ name, rules = [], gathers, into }): KubeObject => ({
    apiVersion,
    kind: 'ClusterRole',
    metadata: {
      name,
      labels: {
        ...bootstrapLabel,
        ...(into === undefined ? {} : { [aggregateLabel(into)]: 'true' }),
      },
    },
    rules,
    ...(gathers === undefined
      ? {}
      : {
          aggregationRule: {
            clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(gathers)]: 'true' } }],
          },
        }),
  }))
  const bindings = clusterRoles
    .filter(({ groups, users }) => groups || users)
    .map(({ name, groups = [], users = [] }): KubeObject => ({
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels: bootstrapLabel },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [
        ...groups.map((entry) => ({ apiGroup: group, kind: 'Group', name: entry })),
        ...users.map((entry) => ({ apiGroup: group, kind: 'User', name: entry })),
      ],
    }))
  return { roles, bindings }
}
