package figure

import "math"

const (
	centred   = ` text-anchor="middle"`
	toTheLeft = ` text-anchor="end"`
	thinBlack = ` fill="none" stroke="#000" stroke-width=".6"`
	thinGrey  = ` fill="none" stroke="#aaa" stroke-width=".5"`
)

// heading writes the title and the lines below it.
func (d *drawing) heading() {
	y := titleBase
	d.text(left, y, sprint(` font-size="`, titleSize, `" font-weight="bold"`), d.figure.Title)
	for _, line := range d.figure.Subtitle {
		y += lineHeight
		d.text(left, y, ` fill="#333"`, line)
	}
}

// axes draws the frames of the panels with their ticks and names.
func (d *drawing) axes() {
	u := &d.upper
	if zero := u.y(0); zero < u.bottom && zero > u.top {
		d.path(sprint("M", left, " ", zero, "H", right), thinGrey)
	}
	d.timeTicks()
	d.valueTicks(u)
	name := "flux [µJy]"
	if u.values.multiplier > 0 {
		name = "flux [" + map[int]string{3: "mJy", 6: "Jy"}[u.values.multiplier] + "]"
	}
	d.axisName(u, name)
	d.frame(u)
	bottom := u.bottom
	if d.lower.bottom > 0 {
		l := &d.lower
		d.path(sprint("M", left, " ", l.y(0), "H", right), thinGrey)
		d.valueTicks(l)
		d.axisName(l, "residual [σ]")
		d.frame(l)
		bottom = l.bottom
	}
	d.text((left+right)/2, bottom+29, centred, "MJD [d, UTC]")
}

func (d *drawing) frame(p *panel) {
	d.path(sprint("M", left, " ", p.top, "H", right, "V", p.bottom, "H", left, "z"), thinBlack)
}

// axisName stands at the left of a panel, upwards.
func (d *drawing) axisName(p *panel, name string) {
	y := (p.top + p.bottom) / 2
	d.text(14, y, centred+sprint(` transform="rotate(-90 14 `, y, `)"`), name)
}

// timeTicks are those of MJD, below each panel, and of days, above the first.
func (d *drawing) timeTicks() {
	u, l := &d.upper, &d.lower
	labelled := u.bottom
	if l.bottom > 0 {
		labelled = l.bottom
	}
	marks := ""
	u.time.each(func(v float64, label string) {
		x, length := u.x(v), minorTickLength
		if label != "" {
			length = tickLength
			d.text(x, labelled+13, centred, label)
		}
		marks += sprint("M", x, " ", u.bottom, "v", -length)
		if l.bottom > 0 {
			marks += sprint("M", x, " ", l.bottom, "v", -length, "M", x, " ", l.top, "v", length)
		}
	})
	if d.figure.Zero == 0 {
		u.time.each(func(v float64, label string) {
			marks += sprint("M", u.x(v), " ", u.top, "v", tickOf(label))
		})
		d.path(marks, thinBlack)
		return
	}
	days := newAxis(u.time.low-d.figure.Zero, u.time.high-d.figure.Zero, 7)
	days.each(func(v float64, label string) {
		x := days.place(v, left, right)
		if label != "" {
			d.text(x, u.top-5, centred, label)
		}
		marks += sprint("M", x, " ", u.top, "v", tickOf(label))
	})
	d.text((left+right)/2, u.top-18, centred, "days from "+d.figure.ZeroName)
	d.path(marks, thinBlack)
}

func tickOf(label string) float64 {
	if label == "" {
		return minorTickLength
	}
	return tickLength
}

// valueTicks are those of the left and the right side.
func (d *drawing) valueTicks(p *panel) {
	marks := ""
	p.values.each(func(v float64, label string) {
		y, length := p.y(v), tickOf(label)
		if y > p.bottom+0.01 || y < p.top-0.01 {
			return
		}
		if label != "" {
			d.text(left-5, math.Round(10*(y+3.4))/10, toTheLeft, label)
		}
		marks += sprint("M", left, " ", y, "h", length, "M", right, " ", y, "h", -length)
	})
	d.path(marks, thinBlack)
}
