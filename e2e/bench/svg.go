package bench

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
)

// point is a figure of a line.
type point struct{ x, y float64 }

// line is what a chart shows of one scenario. The points are in the order of their x.
type line struct {
	name   string
	points []point
	dashed bool
	color  int // which of colors
}

// chart is a picture of lines, with a logarithmic scale of y.
type chart struct {
	title, x, y string
	lines       []line
}

var lineColors = []string{"#1f6feb", "#bc4c00", "#1a7f37", "#8250df"}

// The picture's size, and the frame of the lines in it, in pixels.
const (
	chartWidth, chartHeight = 760, 420
	left, right             = 70, 180
	top, bottom             = 40, 50
)

// scale maps figures to pixels.
type scale struct{ minX, maxX, minY, maxY float64 }

// scale returns the one that the chart's lines fit in: x from 0 to a power of ten, and y between powers of ten.
func (c chart) scale() scale {
	s := scale{minX: 0, maxX: 1, minY: math.Inf(1), maxY: math.Inf(-1)}
	for _, l := range c.lines {
		for _, p := range l.points {
			s.maxX = max(s.maxX, p.x)
			s.minY, s.maxY = min(s.minY, p.y), max(s.maxY, p.y)
		}
	}
	s.maxX = math.Pow(10, math.Ceil(math.Log10(s.maxX)))
	s.minY = math.Pow(10, math.Floor(math.Log10(s.minY)))
	s.maxY = max(10*s.minY, math.Pow(10, math.Ceil(math.Log10(s.maxY))))
	return s
}

func (s scale) px(x float64) float64 {
	return left + (x-s.minX)/(s.maxX-s.minX)*(chartWidth-left-right)
}

func (s scale) py(y float64) float64 {
	return chartHeight - bottom - math.Log10(y/s.minY)/math.Log10(s.maxY/s.minY)*(chartHeight-top-bottom)
}

// svg draws the chart.
func (c chart) svg() []byte {
	var out bytes.Buffer
	s := c.scale()
	_, _ = fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<rect width="%[1]d" height="%[2]d" fill="white"/>
`, chartWidth, chartHeight)
	text(&out, left+8, 22, "start", c.title)
	text(&out, (left+chartWidth-right)/2, chartHeight-12, "middle", c.x)
	text(&out, left-8, top-10, "end", c.y)
	c.grid(&out, s)
	for i, l := range c.lines {
		l.draw(&out, s, i)
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// grid draws five steps of x, and 1, 2 and 5 of each power of ten of y.
func (c chart) grid(out *bytes.Buffer, s scale) {
	const grid = `<path d="M%.1f %.1fL%.1f %.1f" stroke="#d0d7de"/>` + "\n"
	for i := range 6 {
		x := s.minX + float64(i)*(s.maxX-s.minX)/5
		_, _ = fmt.Fprintf(out, grid, s.px(x), float64(top), s.px(x), float64(chartHeight-bottom))
		text(out, s.px(x), chartHeight-bottom+18, "middle", fmt.Sprintf("%.3g", x))
	}
	for power := s.minY; power <= s.maxY; power *= 10 {
		for _, step := range []float64{1, 2, 5} {
			if y := step * power; y <= s.maxY*1.001 {
				_, _ = fmt.Fprintf(out, grid, float64(left), s.py(y), float64(chartWidth-right), s.py(y))
				text(out, left-8, s.py(y)+4, "end", fmt.Sprintf("%.4g", y))
			}
		}
	}
}

// draw draws the line, and its name in the row of the legend.
func (l line) draw(out *bytes.Buffer, s scale, row int) {
	style := fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2"`, lineColors[l.color%len(lineColors)])
	if l.dashed {
		style += ` stroke-dasharray="5 4"`
	}
	command := "M"
	out.WriteString(`<path d="`)
	for _, p := range l.points {
		_, _ = fmt.Fprintf(out, "%s%.1f %.1f", command, s.px(p.x), s.py(p.y))
		command = "L"
	}
	_, _ = fmt.Fprintf(out, "\" %s/>\n", style)
	y := float64(top + 10 + 20*row)
	_, _ = fmt.Fprintf(out, `<path d="M%d %.1fh24" %s/>`+"\n", chartWidth-right+14, y, style)
	text(out, chartWidth-right+44, y+4, "start", l.name)
}

func text(out *bytes.Buffer, x, y float64, anchor, words string) {
	_, _ = fmt.Fprintf(out, `<text x="%.1f" y="%.1f" text-anchor="%s">`, x, y, anchor)
	_ = xml.EscapeText(out, []byte(words)) // a buffer takes everything
	out.WriteString("</text>\n")
}
