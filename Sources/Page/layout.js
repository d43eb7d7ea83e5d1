// Places for the call graph: columns by the longest way from the callers, in each column an order with few crossings. Where
// it is narrow, columns become rows: `u` runs with the calls, `v` across. The same graph always gets the same places,
// whatever its figures.

const boxHeight = 34, boxGap = 14, wayHeight = 10;

/// Gives each node, which has a `width`, the `x` and `y` of its corner, and each edge its `path`; returns the size of the whole.
function layOut(nodes, edges, available, isUpright) {
  for (const node of nodes) [node.along, node.across] = isUpright ? [boxHeight, node.width] : [node.width, boxHeight];
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  assignColumns(nodes, edges);
  const columns = [];
  for (const node of nodes) (columns[node.column] ??= []).push(node);
  for (let index = 0; index < columns.length; index += 1) columns[index] ??= [];
  for (const edge of edges) edge.ways = waysBetween(byKey.get(edge.from), byKey.get(edge.to), columns);
  sortColumns(columns);
  const breadth = placeAcross(columns);

  const margin = 12;
  const lengths = columns.map((column) => Math.max(34, ...column.map((item) => item.along ?? 0)));
  const taken = lengths.reduce((sum, length) => sum + length, 2 * margin);
  const gaps = Math.max(columns.length - 1, 1);
  const gap = isUpright ? 62 : Math.min(220, Math.max(84, (available - taken) / gaps));
  let start = margin;
  columns.forEach((column, index) => {
    for (const item of column) {
      item.u = start + (item.along === undefined ? 0 : (lengths[index] - item.along) / 2);
      item.along ??= lengths[index];
    }
    start += lengths[index] + gap;
  });
  drawPaths(edges, byKey, isUpright ? (u, v) => `${v.toFixed(1)} ${u.toFixed(1)}` : (u, v) => `${u.toFixed(1)} ${v.toFixed(1)}`);
  for (const node of nodes) {
    const [along, across] = [node.u, node.v - node.across / 2];
    [node.x, node.y] = isUpright ? [across, along] : [along, across];
  }
  const loops = edges.some((edge) => byKey.get(edge.from).column === byKey.get(edge.to).column) ? 46 : 0;
  const [long, broad] = [start - gap + margin + loops, breadth + margin];
  return isUpright ? { width: broad, height: long } : { width: long, height: broad };
}

/// Answered calls say who is left of whom; refused ones add to that where they close no cycle.
function assignColumns(nodes, edges) {
  const callees = new Map(nodes.map((node) => [node.key, new Set()]));
  const reaches = (from, to, seen = new Set()) => {
    if (from === to) return true;
    seen.add(from);
    for (const next of callees.get(from)) if (!seen.has(next) && reaches(next, to, seen)) return true;
    return false;
  };
  for (const isRefused of [false, true]) {
    for (const edge of edges) {
      if (edge.isRefused === isRefused && !reaches(edge.to, edge.from)) callees.get(edge.from).add(edge.to);
    }
  }
  const columnOf = new Map();
  const callers = new Map(nodes.map((node) => [node.key, []]));
  for (const [from, targets] of callees) for (const to of targets) callers.get(to).push(from);
  const column = (key) => {
    if (!columnOf.has(key)) columnOf.set(key, callers.get(key).reduce((most, from) => Math.max(most, column(from) + 1), 0));
    return columnOf.get(key);
  };
  for (const node of nodes) node.column = column(node.key);
  // A caller whom nobody calls stands just left of whom it calls: short lines.
  for (const node of nodes) {
    const targets = [...callees.get(node.key)];
    if (callers.get(node.key).length === 0 && targets.length > 0) {
      node.column = Math.max(0, Math.min(...targets.map((key) => columnOf.get(key))) - 1);
    }
  }
}

/// The places an edge passes in the columns between its ends, from its caller on.
function waysBetween(from, to, columns) {
  const step = Math.sign(to.column - from.column);
  const ways = [];
  if (step !== 0) {
    for (let column = from.column + step; column !== to.column; column += step) {
      const way = { key: '', column, neighbours: [] };
      columns[column].push(way);
      ways.push(way);
    }
  }
  const all = [from, ...ways, to];
  for (let index = 1; index < all.length; index += 1) {
    (all[index - 1].neighbours ??= []).push(all[index]);
    (all[index].neighbours ??= []).push(all[index - 1]);
  }
  return ways;
}

function sortColumns(columns) {
  for (const column of columns) column.sort((one, other) => (one.key < other.key ? -1 : one.key > other.key ? 1 : 0));
  const number = (column) => column.forEach((item, index) => { item.rank = (index + 0.5) / column.length; });
  columns.forEach(number);
  for (let sweep = 0; sweep < 12; sweep += 1) {
    const isForward = sweep % 2 === 0;
    for (const column of isForward ? columns : [...columns].reverse()) {
      for (const item of column) {
        const near = (item.neighbours ?? []).filter((other) => (isForward ? other.column < item.column : other.column > item.column));
        item.pull = near.length > 0 ? near.reduce((sum, other) => sum + other.rank, 0) / near.length : item.rank;
      }
      column.sort((one, other) => one.pull - other.pull);
      number(column);
    }
  }
}

/// Middles, pulled to the neighbours' as far as the boxes leave room; returns the breadth.
function placeAcross(columns) {
  const sizeOf = (item) => item.across ?? wayHeight;
  // The places nearest to where the items are pulled, in order and without overlap: those that push each other become
  // one block, which stands where its members are pulled on the average.
  const spread = (column) => {
    const blocks = [];
    let offset = 0;
    column.forEach((item, index) => {
      if (index > 0) offset += (sizeOf(column[index - 1]) + sizeOf(item)) / 2 + boxGap;
      let block = { items: [[item, offset]], pull: item.v - offset };
      while (blocks.length > 0 && blocks.at(-1).pull > block.pull) {
        const above = blocks.pop();
        const items = [...above.items, ...block.items];
        block = { items, pull: (above.pull * above.items.length + block.pull * block.items.length) / items.length };
      }
      blocks.push(block);
    });
    for (const block of blocks) for (const [item, at] of block.items) item.v = block.pull + at;
  };
  for (const column of columns) {
    let v = 0;
    for (const item of column) {
      item.v = v;
      v += sizeOf(item) + boxGap;
    }
    for (const item of column) item.v -= v / 2;
  }
  for (let sweep = 0; sweep < 10; sweep += 1) {
    for (const column of sweep % 2 === 0 ? columns : [...columns].reverse()) {
      for (const item of column) {
        const near = (item.neighbours ?? []).filter((other) => other.column !== item.column);
        if (near.length > 0) item.v = near.reduce((sum, other) => sum + other.v, 0) / near.length;
      }
      spread(column);
    }
  }
  const all = columns.flat();
  // Parts that are not joined move together: no stripe across all columns stays empty.
  let end = -Infinity, moved = 0;
  for (const item of [...all].sort((one, other) => one.v - sizeOf(one) / 2 - other.v + sizeOf(other) / 2)) {
    const top = item.v - sizeOf(item) / 2;
    if (top > end + boxGap) moved = end === -Infinity ? 12 - top : moved + end + boxGap - top;
    end = Math.max(end, item.v + sizeOf(item) / 2);
    item.v += moved;
  }
  return Math.max(...all.map((item) => item.v + sizeOf(item) / 2));
}

/// Lines leave and enter a side in the order of where they lead, so that they do not cross there.
function drawPaths(edges, byKey, point) {
  const sides = new Map();
  const join = (node, side, edge, end, toward) => {
    const key = `${node.key}\u0000${side}`;
    if (!sides.has(key)) sides.set(key, []);
    sides.get(key).push({ node, edge, end, toward });
  };
  for (const edge of edges) {
    const from = byKey.get(edge.from), to = byKey.get(edge.to);
    const isBack = to.column < from.column, isBeside = to.column === from.column;
    join(from, isBack ? 'near' : 'far', edge, 'start', (edge.ways[0] ?? to).v);
    join(to, isBack || isBeside ? 'far' : 'near', edge, 'finish', (edge.ways.at(-1) ?? from).v);
  }
  for (const [key, ends] of sides) {
    ends.sort((one, other) => one.toward - other.toward || (one.edge.key < other.edge.key ? -1 : 1));
    const step = Math.min(8, (boxHeight - 10) / Math.max(ends.length - 1, 1));
    ends.forEach(({ node, edge, end }, index) => {
      edge[end] = { u: node.u + (key.endsWith('far') ? node.along : 0), v: node.v + (index - (ends.length - 1) / 2) * step };
    });
  }
  for (const edge of edges) {
    const from = byKey.get(edge.from), to = byKey.get(edge.to);
    const { start, finish } = edge;
    if (from.column === to.column) {
      const out = Math.max(start.u, finish.u) + (from === to ? 34 : 40);
      const drop = from === to ? 12 : 0;
      edge.path = `M${point(start.u, start.v - drop / 2)}C${point(out, start.v - drop)} ${point(out, finish.v + drop)} `
        + point(finish.u + 1, finish.v + drop / 2);
      continue;
    }
    const forward = to.column > from.column ? 1 : -1;
    let at = start;
    edge.path = `M${point(at.u, at.v)}`;
    const curve = (next) => {
      const bend = Math.max(24, Math.abs(next.u - at.u) * 0.45) * forward;
      edge.path += `C${point(at.u + bend, at.v)} ${point(next.u - bend, next.v)} ${point(next.u, next.v)}`;
      at = next;
    };
    for (const way of edge.ways) {
      const [first, last] = forward > 0 ? [way.u, way.u + way.along] : [way.u + way.along, way.u];
      curve({ u: first, v: way.v });
      at = { u: last, v: way.v };
      edge.path += `L${point(at.u, at.v)}`;
    }
    curve({ u: finish.u - forward, v: finish.v });
  }
}
