package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAChartIsXMLWithItsLinesInTheFrame(t *testing.T) {
	t.Parallel()
	c := chart{title: "a < b", x: "load", y: "ms", lines: []line{
		{name: "detail", points: []point{{10, 2}, {90, 300}}}, {name: "order", points: []point{{10, 15}, {90, 15}}, dashed: true, color: 1},
	}}
	svg := string(c.svg())
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
	for _, want := range []string{"a &lt; b", ">detail<", ">order<", "stroke-dasharray"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the chart has no %s", want)
		}
	}
	s := c.scale()
	for y, want := range map[float64]float64{1: chartHeight - bottom, 1000: top} {
		if got := s.py(y); got < want-0.1 || got > want+0.1 {
			t.Errorf("%v ms is drawn at %v, want %v", y, got, want)
		}
	}
	if s.px(0) != left || s.px(100) != chartWidth-right {
		t.Errorf("x is drawn from %v to %v", s.px(0), s.px(90))
	}
}
