import svgwrite


def badge(label, width):
    drawing = svgwrite.Drawing(size=(width, 20))
    drawing.add(drawing.rect((0, 0), (width, 20), rx=3, fill="green"))
    drawing.add(drawing.text(label, insert=(5, 14)))
    return drawing.tostring()


def handle(query):
    return badge(query.get("label", "build"), query.get("width", 80))


print(len(handle({"label": "passing"})))
print(len(handle({"label": "passing", "width": "wide"})))
