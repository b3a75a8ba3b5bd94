"""Right answers to lab 5 in another style. Each must earn every point."""

from autograder.proving.faults import alternative

# -------------------------------------------------------------------- read_idx

alternative(
    "idx_by_struct_and_gzip_open",
    exercise="read_idx",
    code="""
import struct


def get_int(b):
    return struct.unpack(">I", b)[0]


def _bytes(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as stream:
        return stream.read()


def read_label_file(path):
    data = _bytes(path)
    magic, n = struct.unpack(">II", data[:8].ljust(8, bytes(1)))
    if magic != 2049:
        raise ValueError(f"{path} is no label file, its magic number is {magic}")
    labels = np.frombuffer(data, dtype=">u1", offset=8)
    if len(labels) != n:
        raise ValueError(f"{path} has {len(labels)} labels instead of {n}")
    return labels.copy()


def read_image_file(path):
    data = _bytes(path)
    magic, n, rows, columns = struct.unpack(">IIII", data[:16].ljust(16, bytes(1)))
    if magic != 2051:
        raise ValueError(f"{path} is no image file, its magic number is {magic:,}")
    pixels = np.frombuffer(data, dtype=np.uint8, offset=16)
    if pixels.size != n * rows * columns:
        raise ValueError(f"{path} has {pixels.size} pixels")
    return pixels.reshape((n, rows, columns)).copy()
""",
)
alternative(
    "idx_by_the_formula",
    exercise="read_idx",
    change=(
        'return int.from_bytes(b, "big")',
        "return b[0] * 256**3 + b[1] * 256**2 + b[2] * 256 + b[3]",
    ),
)
alternative(
    "idx_with_the_library_of_errors",
    exercise="read_idx",
    change=[
        (
            'raise ValueError(f"{path}: magic number {found}, expected {magic}")',
            "from course_utils import DataError\n\n"
            '        raise DataError(f"{path} is no such file", found=str(found))',
        ),
        ('int.from_bytes(b, "big")', "int(np.frombuffer(b, '>u4')[0])"),
    ],
)

# ----------------------------------------------------------------------- split

alternative(
    "split_by_a_permutation",
    exercise="split",
    code="""
def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):
    order = np.random.default_rng(seed).permutation(len(x))
    n_test = int(round(len(x) * test_size))
    n_val = int(round((len(x) - n_test) * val_size))
    test, val, train = np.split(order, [n_test, n_test + n_val])
    return x[train], y[train], x[val], y[val], x[test], y[test]
""",
)
alternative(
    "split_of_row_numbers",
    exercise="split",
    code="""
def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):
    rest, test = train_test_split(range(len(x)), test_size=test_size, random_state=seed)
    train, val = train_test_split(rest, test_size=val_size, random_state=seed + 1)
    return [part[rows] for rows in (train, val, test) for part in (x, y)]
""",
)

# ---------------------------------------------------------- softmax_regression

alternative(
    "regression_in_a_sequential",
    exercise="softmax_regression",
    code="""
class SoftmaxRegression(nn.Module):
    def __init__(self, input_size, output_size, dropout_rate=0.0):
        super().__init__()
        linear = nn.Linear(input_size, output_size)
        for parameter in linear.parameters():
            parameter.data[...] = 0
        self.layers = nn.Sequential(nn.Dropout(dropout_rate), linear)

    def forward(self, x):
        return self.layers(x)
""",
)
alternative(
    "regression_with_parameters_of_its_own",
    exercise="softmax_regression",
    code="""
class SoftmaxRegression(nn.Module):
    def __init__(self, input_size, output_size, dropout_rate=0.0):
        self.weight = nn.Parameter(np.zeros((output_size, input_size)))
        self.bias = nn.Parameter(np.zeros(output_size))
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x):
        return self.drop(x) @ self.weight.T + self.bias
""",
)

# -------------------------------------------------------------------- deep_net

alternative(
    "net_with_lists_of_layers",
    exercise="deep_net",
    code="""
class DeepBigSimpleNet(nn.Module):
    def __init__(self, input_size=784, hidden_sizes=(2500, 2000, 1500), num_classes=10,
                 dropout_rate=0.5):
        super().__init__()
        sizes = [input_size, *(hidden_sizes if hidden_sizes is not None else (2500, 2000, 1500))]
        self.linears = [self.he(n, m, bias=False) for n, m in zip(sizes[:-1], sizes[1:])]
        self.norms = [nn.BatchNorm1d(n) for n in sizes[1:]]
        self.drop = nn.Dropout(dropout_rate)
        self.last = self.he(sizes[-1], num_classes)

    @staticmethod
    def he(n_in, n_out, bias=True):
        layer = nn.Linear(n_in, n_out, bias=bias)
        layer.weight.data[...] = np.random.randn(n_out, n_in) * np.sqrt(2.0 / n_in)
        if bias:
            layer.bias.data[...] = 0.0
        return layer

    def forward(self, x):
        for linear, norm in zip(self.linears, self.norms):
            x = self.drop(norm(linear(x)).relu())
        return self.last(x)
""",
)
alternative(
    "net_of_blocks_with_uniform_weights",
    exercise="deep_net",
    code="""
class Block(nn.Module):
    def __init__(self, n_in, n_out, rate):
        self.linear = nn.Linear(n_in, n_out)
        nn.init.he_uniform_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.norm = nn.BatchNorm1d(n_out)
        self.rate = nn.Dropout(rate)

    def forward(self, x):
        return self.rate(self.norm(self.linear(x)).relu())


class DeepBigSimpleNet(nn.Module):
    def __init__(self, input_size=784, hidden_sizes=None, num_classes=10, dropout_rate=0.5):
        hidden = [2500, 2000, 1500] if hidden_sizes is None else list(hidden_sizes)
        sizes = [input_size] + hidden
        self.blocks = [Block(a, b, dropout_rate) for a, b in zip(sizes, hidden)]
        self.out = nn.Linear(sizes[-1], num_classes)
        nn.init.he_normal_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)
""",
)

# ------------------------------------------------------------------- schedules

alternative(
    "rates_in_numpy",
    exercise="schedules",
    code="""
def learning_rates(name, epochs, lr, warmup_epochs=5, min_lr=1e-5):
    def fall(count):
        t = np.arange(count)
        return min_lr + 0.5 * (lr - min_lr) * (1 + np.cos(np.pi * t / count))

    match name:
        case "none":
            return np.full(epochs, lr).tolist()
        case "cosine":
            return fall(epochs).tolist()
        case "warmup_cosine":
            rise = lr * np.arange(1, warmup_epochs + 1) / max(warmup_epochs, 1)
            return [*rise, *fall(epochs - warmup_epochs)]
    raise ValueError(name)
""",
)

# --------------------------------------------------------------- early_stopper

alternative(
    "stopper_from_the_whole_list",
    exercise="early_stopper",
    code="""
class EarlyStopper:
    def __init__(self, patience=1, min_delta=0):
        self.patience, self.min_delta = patience, min_delta
        self.counter, self.min_validation_loss = 0, float("inf")

    def early_stop(self, validation_loss):
        if np.isnan(validation_loss):
            self.counter += 1
        elif validation_loss < self.min_validation_loss:
            self.min_validation_loss, self.counter = validation_loss, 0
        elif validation_loss > self.min_validation_loss + self.min_delta:
            self.counter += 1
        if self.counter >= self.patience:
            return True
        return False
""",
)

# ------------------------------------------------------------------- evaluator

alternative(
    "evaluate_with_scikit_learn",
    exercise="evaluator",
    code="""
from time import perf_counter as clock

from sklearn.metrics import accuracy_score, confusion_matrix


def evaluate(model, loader, num_classes=10):
    mode = model.training
    model.eval()
    truth, answers, seconds = [], [], []
    try:
        with no_grad():
            for x, y in loader:
                x = Tensor(x)
                begin = clock()
                logits = model(x)
                seconds.append(clock() - begin)
                answers += logits.data.argmax(axis=1).tolist()
                truth += list(y)
    finally:
        model.train(mode)
    ms = 1e3 * np.array(seconds)
    return dict(
        accuracy=accuracy_score(truth, answers),
        confusion_matrix=confusion_matrix(truth, answers, labels=range(num_classes)),
        inference_ms=ms.mean(),
        inference_ms_std=0 if len(ms) == 1 else ms.std(ddof=1),
    )
""",
)
alternative(
    "evaluate_image_by_image_with_a_warm_up",
    exercise="evaluator",
    code="""
@no_grad()
def evaluate(model, loader, num_classes=10):
    training = model.training
    model.eval()
    right = total = 0
    counts = [[0] * num_classes for _ in range(num_classes)]
    times = []
    for x, y in loader:
        if not times:
            model(Tensor(x))
        t = time.perf_counter_ns()
        out = model(Tensor(x))
        times.append((time.perf_counter_ns() - t) / 1e6)
        for row, truth in zip(out.tolist(), y.tolist()):
            answer = max(range(len(row)), key=row.__getitem__)
            counts[truth][answer] += 1
            right += answer == truth
            total += 1
    if training:
        model.train()
    mean = sum(times) / len(times)
    squares = sum((t - mean) ** 2 for t in times)
    return {
        "accuracy": right / total,
        "confusion_matrix": np.array(counts),
        "inference_ms": mean,
        "inference_ms_std": (squares / max(len(times) - 1, 1)) ** 0.5,
    }
""",
)

# --------------------------------------------------------------------- tracker

alternative(
    "tracker_with_a_table_inside",
    exercise="tracker",
    code="""
class ExperimentTracker:
    def __init__(self, folder="experiments"):
        self.folder = folder
        self.log = []
        self.ends = {}

    def log_epoch(self, name, epoch, metrics):
        self.log = [row for row in self.log if (row["experiment"], row["epoch"]) != (name, epoch)]
        self.log.append({"experiment": name, "epoch": epoch, **metrics})

    def log_summary(self, name, summary):
        self.ends[name] = {**summary}

    def get_experiment_df(self, name):
        names = {row["experiment"] for row in self.log}
        if name not in names:
            raise ValueError(f"unknown: {name}. Known: {', '.join(names)}")
        table = pd.DataFrame([row for row in self.log if row["experiment"] == name])
        return table.drop(columns="experiment").sort_values("epoch").reset_index(drop=True)

    def get_all_summaries(self):
        rows = []
        for name, summary in self.ends.items():
            row = {"experiment": name}
            for key, value in summary.items():
                if np.ndim(value) == 0 and not isinstance(value, dict):
                    row[key] = value
            rows.append(row)
        return pd.DataFrame(rows)

    def export_csv(self, folder=None):
        folder = folder or self.folder
        os.makedirs(folder, exist_ok=True)
        paths = os.path.join(folder, "summaries.csv"), os.path.join(folder, "epochs.csv")
        self.get_all_summaries().to_csv(paths[0], index=False)
        pd.DataFrame(self.log).to_csv(paths[1], index=False)
        return paths

    def plot_training_curves(self, metric="loss"):
        names = dict.fromkeys(row["experiment"] for row in self.log)
        return plots.plot_training_curves({n: self.get_experiment_df(n) for n in names}, metric)

    def plot_confusion_matrix(self, name):
        return plots.plot_confusion_matrix(self.ends[name]["confusion_matrix"], title=name)

    def plot_experiment_comparison(self, metric="test_accuracy"):
        return plots.plot_experiment_comparison(self.ends, metric)
""",
)

# --------------------------------------------------------------------- manager

alternative(
    "manager_with_the_exercises_before",
    exercise="manager",
    change=[
        ("optim.schedules.learning_rates(", "learning_rates("),
        ("training.EarlyStopper(", "EarlyStopper("),
        ("tracking.ExperimentTracker(folder=None)", "ExperimentTracker()"),
    ],
)
alternative(
    "manager_in_one_piece",
    exercise="manager",
    code="""
import copy


class TrainingManager:
    def __init__(self, config, tracker=None):
        self.config, self.tracker = config, tracker

    def validate(self, model, loader):
        model.eval()
        loss = right = n = 0
        with no_grad():
            for x, y in loader:
                logits = model(Tensor(x))
                loss += nn.CrossEntropyLoss()(logits, y).item() * len(x)
                right += (logits.argmax(dim=1) == y).sum()
                n += len(x)
        return loss / n, right / n

    def train(self, model, train_loader, val_loader, test_loader=None):
        c = self.config
        t0 = time.time()
        kind, more = (optim.Adam, {}) if c.optimizer == "adam" else (
            optim.SGD, {"momentum": c.momentum})
        opt = kind(model.parameters(), lr=c.learning_rate, weight_decay=c.weight_decay, **more)
        rates = learning_rates(
            c.scheduler_type, c.num_epochs, c.learning_rate, c.warmup_epochs, c.min_lr)
        stopper = training.EarlyStopper(c.patience, c.loss_delta) if c.early_stopping else None
        history, stopped, kept = [], "all epochs", None
        for t in range(c.num_epochs):
            opt.lr = rates[t]
            model.train()
            losses, hits = [], []
            for x, y in train_loader:
                opt.zero_grad()
                logits = model(Tensor(x))
                loss = nn.CrossEntropyLoss()(logits, y)
                loss.backward()
                opt.step()
                losses += [loss.item()] * len(y)
                hits += list(logits.argmax(dim=1) == y)
            val_loss, val_accuracy = self.validate(model, val_loader)
            metrics = dict(train_loss=np.mean(losses), train_accuracy=np.mean(hits),
                           val_loss=val_loss, val_accuracy=val_accuracy, learning_rate=opt.lr)
            history.append(dict(epoch=t + 1, **metrics))
            if self.tracker:
                self.tracker.log_epoch(c.experiment_name, t + 1, metrics)
            best = int(np.argmax([row["val_accuracy"] for row in history]))
            if best == t:
                kept = copy.deepcopy(model.state_dict())
            if stopper and stopper.early_stop(val_loss):
                stopped = "early stopping"
                break
        if c.restore_best:
            model.load_state_dict(kept)
        summary = dict(epochs=len(history), best_epoch=best + 1, stopped=stopped,
                       train_seconds=time.time() - t0,
                       val_accuracy=history[best]["val_accuracy"],
                       val_loss=history[best]["val_loss"])
        if test_loader:
            test = training.evaluate(model, test_loader, nn.CrossEntropyLoss())
            summary.update(test_accuracy=test.accuracy, test_loss=test.loss,
                           test_images=len(test.labels), confusion_matrix=test.confusion_matrix,
                           inference_ms=test.inference_ms, inference_ms_std=test.inference_ms_std)
        if self.tracker:
            self.tracker.log_summary(c.experiment_name, summary)
        return history, summary


def run_experiments(experiments, tracker=None, data=None):
    x_train, y_train, x_val, y_val, x_test, y_test = data or experiment_data
    tracker = tracker or ExperimentTracker()
    for config in experiments:
        set_seed(config.seed)
        model = training.make_model(config)
        loaders = (
            DataLoader(x_train, y_train, batch_size=config.batch_size, shuffle=True),
            DataLoader(x_val, y_val, batch_size=config.batch_size),
            DataLoader(x_test, y_test, batch_size=config.batch_size),
        )
        TrainingManager(config, tracker).train(model, *loaders)
    return tracker
""",
)
