/** Figures and the report of a study, as text. */
export { figureDocument } from "./figure.node.ts";
export {
  type DrawnFigure,
  type Figure,
  type FigureDocument,
  type FigureInput,
  type MissingFigure,
  standaloneSvg,
} from "./figure.ts";
export { figuresOf, figureSvg } from "./figures.ts";
export { informationPathsSvg } from "./information-paths.ts";
export { renderReport, type ReportInput } from "./report.ts";
