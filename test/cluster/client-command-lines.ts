// What the test of the client's commands has both tools do.

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      volumes:
      - {name: conf, configMap: {name: conf}}
      - {name: scratch, emptyDir: {}}
      - {name: secret, secret: {secretName: password, optional: true}}
      - {name: host, hostPath: {path: /etc}}
      - {name: about, downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}}
      initContainers:
      - {name: init, image: host, imagePullPolicy: IfNotPresent, command: [sh, -c, "echo init"]}
      containers:
      - name: web
        image: host
        imagePullPolicy: IfNotPresent
        command: [sh, -c, "echo started; exec sleep 100000"]
        ports: [{containerPort: 80, name: http}]
        resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 64Mi}}
        env:
        - {name: A, value: b}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: C, valueFrom: {configMapKeyRef: {name: conf, key: a}}}
        - {name: LIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory}}}
        - {name: CORES, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        envFrom: [{configMapRef: {name: conf}}]
        volumeMounts: [{name: conf, mountPath: /conf, readOnly: true}, {name: scratch, mountPath: /var/x, subPath: inner}]
        readinessProbe: {exec: {command: ["true"]}}
        startupProbe: {exec: {command: ["true"]}}
      - {name: side, image: host, imagePullPolicy: IfNotPresent, command: [sleep, "100000"]}
`

const others = `apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec: {selector: {app: web}, type: NodePort, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: nothing}
spec: {clusterIP: None, ports: [{port: 81}]}
---
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {password: hunter2}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: host, imagePullPolicy: IfNotPresent, command: [sh, -c, "echo one; echo two"]}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: yearly}
spec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: host, command: ["true"]}]}}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: everywhere}
spec: {selector: {matchLabels: {d: e}}, template: {metadata: {labels: {d: e}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: host, imagePullPolicy: IfNotPresent, command: [sleep, "100000"]}]}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: door}
spec: {rules: [{host: a.b, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: most}
spec: {hard: {configmaps: "50"}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk, labels: {a: b}, annotations: {note: hi}}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce, ReadOnlyMany]
  storageClassName: by-hand
  hostPath: {path: /tmp/disk, type: DirectoryOrCreate}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: kubernetes.io/hostname, operator: In, values: [n1, n2]}
            - {key: gone, operator: DoesNotExist}
        - matchExpressions: [{key: x, operator: Exists}]
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: driven}
spec:
  capacity: {storage: 5Mi}
  accessModes: [ReadWriteOncePod]
  storageClassName: by-hand
  csi: {driver: d.example, volumeHandle: h, fsType: ext4, volumeAttributes: {k: v, a: b}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: x.example/p
parameters: {type: ssd, zone: a}
mountOptions: [noatime, debug]
allowVolumeExpansion: true
volumeBindingMode: WaitForFirstConsumer
allowedTopologies: [{matchLabelExpressions: [{key: zone, values: [a, b]}]}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: ["", apps], resources: [pods, pods/log], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: default, namespace: default}]
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: held}
spec: {holderIdentity: x, leaseDurationSeconds: 10}
`

const config = `apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data: {a: "1", b: "x\\ny\\n"}
binaryData: {bin: AAEC}
`

export const manifests = [config, web, others].join('---\n')

const lines = (text: string): string[] => text.trim().split('\n')

export const readingLines = lines(`
get pods
get pods -o wide
get pods,svc -l app=web
get all -l app=web
get deploy web -o json
get deploy web -o yaml
get svc web -o yaml --show-managed-fields
get deploy,svc -o yaml
get po -o name
get pods nonesuch
get deploy/web pods/nonesuch svc/web
get pods nonesuch --ignore-not-found
get nonesuch
get
get pods --bad
get pods -z
get pods -o
get pods -o jsonpath
get pods -A
get pods -n nonesuch
get nodes -o wide
get cm conf -o jsonpath='{.data.a}'
get cm conf -o 'jsonpath={.data.b}{"\\n"}'
get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}'
get nodes -o jsonpath='{.items[*].status.conditions[?(@.type=="Ready")].status}'
get pods -l app=web -o jsonpath='{.items[-1:].metadata.name}'
get pods -o custom-columns=N:.metadata.name,S:.status.phase,L:.metadata.labels.app
get pods -o custom-columns=N
get pods --field-selector status.phase=Running -l app=web
get pods --field-selector nope=1
get pods -l 'a b'
get pods --sort-by=.metadata.name
get pods --sort-by .metadata.creationTimestamp -o name
get deploy/web svc/web
get deploy web svc/web
get pod,deploy web
get pods --show-labels -l app=web
get pods -L app -l app=web
get pods --show-kind -l app=web
get pods --no-headers=true -l app=web
get pods --watch=false -l app=web
get pods -l app=none
get pods -A -l app=none
get pods -l app=none -o json
get pods web -l app=web
get pods -A web
get pods,svc -w
get cm conf -o=name
get secret password -o jsonpath='{.data.password}'
get deploy.apps web
get deployments.v1.apps web
get -f all.yaml -o name
get -f all.yaml
get -f nope.yaml
get --raw /nope
get --raw /api/v1/namespaces/default/configmaps/nope
get pods --kubeconfig down
delete pod x --kubeconfig down
api-resources
api-resources -o wide --api-group=apps
events --for deployment/web
events --types=Bad
events -n kube-public
top pod nope
top pods --sort-by=bad
top pods -l app=none
`)

export const describing = lines(`
describe pod -l app=web
describe pods -l job-name=once
describe deploy web
describe nodes
describe svc web
describe svc nothing
describe svc kubernetes
describe rs -l app=web
describe ds everywhere
describe job once
describe cj yearly
describe cm conf
describe secret password
describe ns default
describe ns kube-system
describe ingress door
describe quota most
describe pvc claim
describe pv disk
describe pv driven
describe sc fast
describe sc local-path
describe role reader
describe rolebinding readers
describe clusterrole
describe clusterrolebinding cluster-admin
describe lease held
describe sa default
describe events --field-selector=involvedObject.name=web
describe apiservice v1.apps
describe pod web-
describe pod nope
describe nope x
describe pods -n nope
describe
describe pod --bad
`)

export const streamLines = lines(`
logs deploy/web -c web --tail=2
logs deploy/web
logs deploy/web -c init
logs deploy/web -c nope
logs nope
logs
logs a b c
logs -l app=web -c web --tail=1
logs -l app=none
logs job/once
logs job/once --tail=1
logs job/once -f
logs job/once --limit-bytes=2
logs job/once --timestamps
logs job/once --previous
logs job/once --since=1s
logs job/once --since=x
logs job/once --since=5
logs job/once --tail=x
logs job/once --bad
logs cm/conf
logs deploy/web web -c web
exec deploy/web -c web -- echo hi
exec deploy/web -- echo hi
exec deploy/web -c web -- sh -c 'echo out; echo err >&2; exit 7'
exec deploy/web -c web -- nope
exec deploy/web -c nope -- true
exec nope -- true
exec deploy/web -c web
exec
exec deploy/web -c web ls
exec deploy/web -c web -- env
`)

export interface ChangingLine {
  readonly line: string
  readonly input?: string
}

const changed = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n1}\ndata: {a: "2"}\n'
const emptied = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n1}\n'

export const changingLines: readonly ChangingLine[] = [
  ...lines(`
apply -f config.yaml
apply -f config.yaml
apply -f config.yaml -o name
apply -f unknown-kind.yaml
apply -f no-kind.yaml
apply -f invalid.yaml
apply -f nope.yaml
apply
apply x
apply -f config.yaml --dry-run=server
apply -f config.yaml --dry-run=client
apply -f config.yaml --dry-run=bad
apply -f config.yaml --server-side --dry-run=server
apply -f config.yaml -o jsonpath='{.metadata.name}'
`).map((line) => ({ line })),
  { line: 'apply -f -', input: changed },
  { line: 'get cm n1 -o jsonpath={.data}' },
  { line: 'apply -f -', input: emptied },
  { line: 'get cm n1 -o jsonpath={.data}' },
  { line: 'exec -i deploy/web -c web -- cat', input: 'hello\n' },
  { line: 'exec -it deploy/web -c web -- cat', input: 'hello\n' },
  ...lines(`
rollout status deploy/web
rollout status cm conf
rollout pause deploy web
rollout pause deploy web
rollout resume deploy web
rollout resume deploy web
rollout restart job once
rollout restart ds everywhere
wait deploy/web --for=condition=Available
wait pod/nope --for=condition=Ready --timeout=1s
wait pod/nope --for=delete --timeout=1s
wait deploy/web --for=jsonpath='{.spec.replicas}'=2 --timeout=2s
wait deploy/web --for=bad
wait pod -l app=none --for=condition=Ready --timeout=1s
create -f config.yaml
create -f config.yaml --dry-run=client
create -f unknown-field.yaml
create
create -f nope.yaml
delete -f config.yaml --dry-run=client
delete -f config.yaml --dry-run=server
delete -f config.yaml
delete -f config.yaml
delete -f config.yaml --ignore-not-found
create -f config.yaml -o name
delete cm n1 --wait=false
create -f config.yaml --save-config
apply -f config.yaml
delete cm/n1 svc/nope
delete cm
delete
delete cm -l nope=1
delete cm conf --cascade=bad
delete cm conf --now --grace-period=3
delete cm conf -l a=b
delete nope x
scale deploy web --replicas=3
scale deploy web
scale deploy web --replicas=-1
scale deploy web --replicas=x
scale deploy nope --replicas=1
scale --replicas=2 deploy/web deploy/nope
scale deploy web --current-replicas=7 --replicas=1
scale cm conf --replicas=2
scale deploy web --replicas=2 -o name
scale deploy -l app=web --replicas=2 --dry-run=server
scale deploy web --replicas=2 --dry-run=client
scale --replicas=1
scale deploy --replicas=1
delete pod -l job-name=once --grace-period=0 --force
delete rs -l app=web --cascade=orphan --wait=false
delete deploy web --cascade=foreground
delete cm,secret,svc --all --dry-run=client
`).map((line) => ({ line })),
]
