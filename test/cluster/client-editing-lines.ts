// What the test of the client's commands has both tools do: making objects out of words, and changing them.

const lines = (text: string): string[] => text.trim().split('\n')

/** Nothing is kept of these, or there is nothing to be kept. */
export const generating = lines(String.raw`
create deployment d1 --image=nginx:1.2 --port=80 -r 2 --dry-run=client -o yaml
create deployment
create deployment d3 --image=x --replicas=x
create deployment Bad_Name --image=x
create job j1 --image=host --dry-run=client -o yaml -- date
create job j1 --from=cronjob/yearly --dry-run=client -o yaml
create cronjob c1 --image=host --schedule='*/5 * * * *' --dry-run=client -o yaml
create ns default
create cm c1 --from-file=config.yaml --from-literal=b=true --from-literal=c='a: b' --from-literal=d=1.5 --dry-run=client -o yaml
create cm conf --from-literal=a=b
create secret generic s1 --from-literal=a=b --type=x --dry-run=client -o yaml
create secret docker-registry r1 --docker-username=u --docker-password=p --dry-run=client -o yaml
create secret tls t1 --cert=nope --key=nope
create service clusterip s1 --tcp=80:8080 --tcp=5 --dry-run=client -o yaml
create svc nodeport s2 --tcp=80:http --node-port=30999 --dry-run=client -o yaml
create role r1 --verb=get,list --resource=pods,deployments.apps/scale --resource-name=x --dry-run=client -o yaml
create rolebinding rb1 --clusterrole=view --user=u --group=g --serviceaccount=a:b --dry-run=client -o yaml
create clusterrolebinding b1
create quota q1 --hard=pods=1,cpu=2 --scopes=BestEffort --dry-run=client -o yaml
create priorityclass p1 --value=5 --description=x --dry-run=client -o yaml
create pdb p1 --selector=a=b --max-unavailable=50% --dry-run=client -o yaml
create ingress i1 --rule=a.b/*=web:80 --rule=a.b/x=web:http,tls=sec --class=c --dry-run=client -o yaml
create token nobody-there
expose deploy web --port=81 --target-port=http --name=w2 --type=NodePort --dry-run=client -o yaml
autoscale deploy web --min=2 --max=5 --cpu-percent=50 --name=h2 --dry-run=client -o yaml
explain pod.spec.containers.ports
explain hpa.spec --recursive
explain pod.nope
auth can-i create pods
auth can-i get nodes
auth can-i --list
auth whoami
cluster-info
config view
config get-contexts
config use-context nope
diff -f all.yaml
rollout history deploy web
rollout history deploy web --revision=1
cp a b
port-forward
attach nope
`)

/** Each sees what the ones before it did. */
export const editing = lines(String.raw`
create deployment made --image=host --replicas=0
create deployment made --image=host --replicas=0
label deploy made a=b
label deploy made a=c
label deploy made a=c --overwrite
label deploy made a-
label deploy made a-
label deploy/made cm/conf x=y
label -f all.yaml z=1 --dry-run=client
annotate deploy made a=b
annotate deploy made a=c
patch deploy made -p '{"spec":{"paused":true}}'
patch deploy made -p '{"spec":{"paused":true}}'
patch deploy made --type=json -p '[{"op":"remove","path":"/metadata/labels/nope"}]'
patch deploy made --type=merge -p '{"spec":{"paused":null}}' -o name
patch deploy made --subresource=scale --type=merge -p '{"spec":{"replicas":0}}'
set image deploy/made host=host:2
set env deploy/made A=b
set env deploy/made --list
set resources deploy made --limits=cpu=200m --requests=cpu=10m
set serviceaccount deploy made default
expose deploy made --port=80
autoscale deploy made --max=3
rollout history deploy made
rollout undo deploy made
rollout undo deploy made --to-revision=99
create -f config.yaml
replace -f config.yaml
replace --force -f config.yaml
edit cm n1
edit cm n1
`)

/** The first node is for one tool, the second for the other. */
export const onNodes = lines(`
cordon NODE
taint nodes NODE a=b:NoSchedule
taint nodes NODE a=b:NoSchedule
taint nodes NODE a=c:NoSchedule --overwrite
taint nodes NODE a-
taint nodes NODE a-
drain NODE --pod-selector=no=one --dry-run=client
drain NODE --pod-selector=no=one
uncordon NODE
`)
