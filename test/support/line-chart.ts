/** One line of a chart. */
export interface Line {
  readonly title: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly color?: string;
  readonly isDashed?: boolean;
}

/** A chart: lines over a shared pair of axes. */
export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
  /** Shaded from one x to another. */
  readonly shaded?: { readonly from: number; readonly to: number; readonly title: string };
  /** The top of the axis; by default the highest point. */
  readonly yMax?: number;
}

const SIZE = { width: 860, height: 420 };
const MARGIN = { left: 62, right: 250, top: 40, bottom: 48 };
/** Told apart by those who do not see all colours as well (Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#555555', '#999900'];
const TICKS = 5;

/** A picture of its own, readable on a light and on a dark page. */
export function lineChart(chart: Chart): string {
  const scale = scaleOf(chart);
  const { width, height } = SIZE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN.left, 22, chart.title, 'font-size="15" font-weight="bold"'),
    shade(chart, scale),
    axes(chart, scale),
    ...chart.lines.map((line, index) => drawn(line, index, scale)),
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  readonly xMin: number;
  readonly xMax: number;
  readonly yMax: number;
  x(value: number): number;
  y(value: number): number;
}

function scaleOf({ lines, yMax: givenMax }: Chart): Scale {
  const points = lines.flatMap((line) => line.points);
  const xs = points.map(([x]) => x);
  const [xMin, xMax] = [Math.min(...xs), Math.max(...xs)];
  const yMax = givenMax ?? roundUp(Math.max(...points.map(([, y]) => y)));
  const width = SIZE.width - MARGIN.left - MARGIN.right;
  const height = SIZE.height - MARGIN.top - MARGIN.bottom;
  return {
    xMin,
    xMax,
    yMax,
    x: (value) => MARGIN.left + ((value - xMin) / (xMax - xMin || 1)) * width,
    y: (value) => MARGIN.top + height - (Math.min(value, yMax) / (yMax || 1)) * height,
  };
}

function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value || 1));
  return Math.ceil(value / unit) * unit;
}

function axes({ xTitle, yTitle }: Chart, scale: Scale): string {
  const [left, right] = [scale.x(scale.xMin), scale.x(scale.xMax)];
  const bottom = scale.y(0);
  const steps = Array.from({ length: TICKS + 1 }, (_, index) => index / TICKS);
  const rows = steps.map((step) => {
    const y = scale.y(step * scale.yMax);
    const label = text(left - 8, y + 4, short(step * scale.yMax), 'text-anchor="end" fill="#444"');
    return `<line x1="${left}" y1="${y}" x2="${right}" y2="${y}" stroke="#ddd"/>${label}`;
  });
  const columns = steps.map((step) => {
    const value = scale.xMin + step * (scale.xMax - scale.xMin);
    return text(scale.x(value), bottom + 18, short(value), 'text-anchor="middle" fill="#444"');
  });
  const middle = (MARGIN.top + bottom) / 2;
  return [
    ...rows,
    ...columns,
    text((left + right) / 2, bottom + 38, xTitle, 'text-anchor="middle"'),
    text(16, middle, yTitle, `text-anchor="middle" transform="rotate(-90 16 ${middle})"`),
  ].join('\n');
}

function shade({ shaded }: Chart, scale: Scale): string {
  if (shaded === undefined) return '';
  const x = scale.x(shaded.from);
  const width = scale.x(shaded.to) - x;
  const height = scale.y(0) - MARGIN.top;
  return [
    `<rect x="${x}" y="${MARGIN.top}" width="${width}" height="${height}" fill="#f3d9d9"/>`,
    text(x + width / 2, MARGIN.top + 14, shaded.title, 'text-anchor="middle" fill="#844" font-size="11"'),
  ].join('\n');
}

function drawn({ title, points, color, isDashed }: Line, index: number, scale: Scale): string {
  const stroke = color ?? COLORS[index % COLORS.length] ?? '#000';
  const style = `stroke="${stroke}" stroke-width="2"${isDashed === true ? ' stroke-dasharray="5 4"' : ''}`;
  const path = points.map(([x, y]) => `${scale.x(x).toFixed(1)},${scale.y(y).toFixed(1)}`).join(' ');
  const [x, y] = [SIZE.width - MARGIN.right + 14, MARGIN.top + 12 + index * 20];
  return [
    `<polyline fill="none" ${style} points="${path}"/>`,
    `<line x1="${x}" y1="${y - 4}" x2="${x + 22}" y2="${y - 4}" ${style}/>`,
    text(x + 28, y, title, 'font-size="11"'),
  ].join('\n');
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
