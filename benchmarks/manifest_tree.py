"""A tree of manifests as large projects have them: 8,000 files, 660 of them YAML, 36 Dockerfiles, 37 charts.

Made from templates, and different in every file, so that nothing counts as a copy.
"""

from __future__ import annotations

from pathlib import Path

FILES = 8_000
YAML = 660
DOCKERFILES = 36
CHARTS = 37

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: shop
    tier: backend
spec:
  replicas: {replicas}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
        app.kubernetes.io/part-of: shop
        tier: backend
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "9090"
    spec:
      serviceAccountName: {name}
      terminationGracePeriodSeconds: 45
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                labelSelector:
                  matchLabels:
                    app.kubernetes.io/name: {name}
                topologyKey: topology.kubernetes.io/zone
      containers:
        - name: {name}
          image: registry.example.com/shop/{name}:1.{number}.0
          imagePullPolicy: IfNotPresent
          args: ["serve", "--listen=:8080", "--log-format=json"]
          ports:
            - name: http
              containerPort: 8080
            - name: metrics
              containerPort: 9090
          env:
            - name: LOG_LEVEL
              value: INFO
            - name: DATABASE_HOST
              value: postgres.{namespace}.svc.cluster.local
            - name: DATABASE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {name}-database
                  key: password
          envFrom:
            - configMapRef:
                name: {name}
          resources:
            requests:
              cpu: 250m
              memory: 256Mi
            limits:
              cpu: "1"
              memory: 512Mi
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            initialDelaySeconds: 10
            periodSeconds: 10
            failureThreshold: 6
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 5
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          volumeMounts:
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir: {{}}
"""
_AROUND = """\
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
  namespace: {namespace}
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {name}
  namespace: {namespace}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {name}
  minReplicas: 3
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
  namespace: {namespace}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {name}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ingress
      ports:
        - port: 8080
"""
_CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
data:
  application.yaml: |
    server:
      port: 8080
      shutdown: graceful
    features:
      flag-{number}: true
"""
_RULES = """\
groups:
  - name: {name}
    interval: 30s
    rules:
      - record: {metric}:errors:ratio_rate5m
        expr: |
          sum(rate(http_requests_total{{job="{name}",code=~"5.."}}[5m]))
          / sum(rate(http_requests_total{{job="{name}"}}[5m]))
      - alert: {camel}Errors
        expr: {metric}:errors:ratio_rate5m > 0.01
        for: 10m
        labels:
          severity: critical
        annotations:
          summary: Too many requests end with an error
          runbook_url: https://example.com/runbooks/{name}
      - alert: {camel}Slow
        expr: |
          histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{{job="{name}"}}[5m]))) > 0.5
        for: 10m
        labels:
          severity: warning
        annotations:
          summary: Answers take long
          runbook_url: https://example.com/runbooks/{name}
"""
_COMPOSE = """\
services:
  {name}:
    image: registry.example.com/shop/{name}:1.{number}.0
    restart: unless-stopped
    ports: ["{port}:8080"]
    environment:
      LOG_LEVEL: INFO
      DATABASE_HOST: postgres
    healthcheck:
      test: ["CMD", "curl", "-fsS", "http://localhost:8080/healthz"]
      interval: 10s
      timeout: 3s
      retries: 5
    deploy:
      resources:
        limits: {{cpus: "1.0", memory: 512M}}
    depends_on:
      postgres:
        condition: service_healthy
    networks: [backend]
  postgres:
    image: postgres:16.4
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U postgres"]
    volumes: ["data-{number}:/var/lib/postgresql/data"]
    networks: [backend]
networks:
  backend: {{}}
volumes:
  data-{number}: {{}}
"""
_WORKFLOW = """\
name: {name}
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
concurrency:
  group: {name}-${{{{ github.ref }}}}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with: {{persist-credentials: false}}
      - run: |
          python -m pip install -r requirements.txt
          pytest --junitxml=reports/junit.xml services/{name}
"""
_OTHER = """\
# Settings of {name}
name: {name}
timeout_seconds: {number}
hosts:
  - a.example.com
  - b.example.com
limits: {{requests: 100, burst: 200}}
"""
_DOCKERFILE = """\
ARG PYTHON=3.13
FROM python:${{PYTHON}}-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt .
RUN python -m venv /opt/app \\
    && /opt/app/bin/pip install --no-cache-dir -r requirements.txt
FROM python:${{PYTHON}}-slim-bookworm
COPY --from=build /opt/app /opt/app
COPY services/{name} /srv
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=3s CMD ["/opt/app/bin/python", "-m", "health"]
ENTRYPOINT ["/opt/app/bin/python", "-m", "{name}"]
"""
_PYTHON = "def answer_{number}() -> int:\n    return {number}\n"


def make(root: Path) -> list[Path]:
    """Write the tree below an empty folder; return its YAML files that are YAML before anything renders them."""
    yaml = [_write(root / path, text) for path, text in _yaml()]
    yaml += [path for number in range(CHARTS) for path in _chart(root, number)]
    assert len(yaml) == YAML, len(yaml)
    for number in range(DOCKERFILES):
        _write(root / f"services/s{number:03d}/Dockerfile", _DOCKERFILE.format(name=f"s{number:03d}"))
    for number in range(FILES - sum(1 for path in root.rglob("*") if path.is_file())):
        _write(root / f"src/p{number % 97:02d}/m{number:05d}.py", _PYTHON.format(number=number))
    return yaml


def _yaml() -> list[tuple[str, str]]:
    files = []
    for number in range(YAML - 2 * CHARTS):
        name = f"s{number:03d}"
        words = {
            "name": name,
            "metric": f"job_{name}",
            "camel": f"Service{number}",
            "namespace": f"team-{number % 12}",
            "number": number,
            "replicas": number % 4 + 1,
            "port": 10_000 + number,
        }
        path, template = _kind(number)
        files.append((path.format(**words), template.format(**words)))
    return files


def _kind(number: int) -> tuple[str, str]:
    """Return where the file lies and what is in it: of ten, five hold objects, and one each the other sorts."""
    return {
        0: ("deploy/{namespace}/{name}/all.yaml", _DEPLOYMENT + _AROUND),
        1: ("deploy/{namespace}/{name}/deployment.yaml", _DEPLOYMENT),
        2: ("deploy/{namespace}/{name}/all.yaml", _DEPLOYMENT + _AROUND),
        3: ("deploy/{namespace}/{name}/config.yaml", _CONFIG),
        4: ("deploy/{namespace}/{name}/deployment.yaml", _DEPLOYMENT),
        5: ("monitoring/rules/{name}.yaml", _RULES),
        6: ("services/{name}/compose.yaml", _COMPOSE),
        7: (".github/workflows/{name}.yml", _WORKFLOW),
        8: ("config/{name}.yaml", _OTHER),
        9: ("config/{name}/settings.yml", _OTHER),
    }[number % 10]


def _chart(root: Path, number: int) -> list[Path]:
    """Write a chart; return its files that are YAML."""
    name = f"chart-{number:02d}"
    folder = root / "charts" / name
    _write(folder / "templates/deployment.yaml", _CHART_DEPLOYMENT)
    _write(folder / "templates/_helpers.tpl", '{{- define "name" -}}{{ .Chart.Name }}{{- end }}\n')
    return [
        _write(
            folder / "Chart.yaml", f"apiVersion: v2\nname: {name}\nversion: 1.{number}.0\nappVersion: '1.{number}'\n"
        ),
        _write(
            folder / "values.yaml", f"replicas: {number % 3 + 1}\nimage: {{repository: x/{name}, tag: '1.{number}'}}\n"
        ),
    ]


_CHART_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "name" . }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ include "name" . }}}
  template:
    metadata:
      labels: {app: {{ include "name" . }}}
    spec:
      containers:
        - name: app
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
"""


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
